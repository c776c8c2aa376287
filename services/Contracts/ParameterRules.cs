using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>Returns the rules that the declaration of a parameter implies, both for its schema and for the code that reads it.</summary>
public static class ParameterRules
{
    /// <summary>Returns whether a parameter has an attribute.</summary>
    public static bool HasAttribute<T>(ICustomAttributeProvider parameter) where T : Attribute => parameter.IsDefined(typeof(T), inherit: false);

    /// <summary>Returns whether a text must not be empty: it is required, or has a minimum length.</summary>
    public static bool RequiresText(JsonPropertyInfo parameter) =>
        parameter.AttributeProvider?.GetCustomAttributes(inherit: true).Any(
            a => a is LengthAttribute { MinimumLength: > 0 } or MinLengthAttribute { Length: > 0 } or EachElementLengthAttribute { MinimumLength: > 0 }) is true
        || parameter is { IsRequired: true, IsSetNullable: false };

    /// <summary>
    /// Returns whether a client may send null for a parameter. In an update null clears a field, so it is accepted only for a field that can be empty: if it
    /// meant "leave unchanged", it would mislead clients that intend to clear the field. For a parameter that is not a field, such as the expected version,
    /// null is the same as omitting it.
    /// </summary>
    public static bool AcceptsNull(JsonPropertyInfo parameter)
    {
        if (parameter.AttributeProvider is not PropertyInfo declared) return parameter.IsSetNullable;
        if (IOptional.ValueOf(declared.PropertyType) is not null) return true;
        var isField = declared.DeclaringType?.GetCustomAttribute<ToolAttribute>()?.Effect == Effect.Update && !declared.IsDefined(typeof(NotAFieldAttribute));
        return !isField && (parameter.PropertyType.IsValueType ? Nullable.GetUnderlyingType(parameter.PropertyType) is not null : parameter.IsSetNullable);
    }
}
