using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Serialization.Metadata;

namespace MedCor.Contracts;

/// <summary>Tells what a parameter's declaration demands, for its schema and for whoever reads it alike.</summary>
public static class ParameterRules
{
    /// <summary>Returns whether a parameter is annotated with an attribute.</summary>
    public static bool HasAttribute<T>(ICustomAttributeProvider parameter) where T : Attribute => parameter.IsDefined(typeof(T), inherit: false);

    /// <summary>Returns whether a text must not be empty: it is required, or has a least length.</summary>
    public static bool RequiresText(JsonPropertyInfo parameter) =>
        parameter.AttributeProvider?.GetCustomAttributes(inherit: true).Any(a => a is LengthAttribute { MinimumLength: > 0 } or MinLengthAttribute { Length: > 0 } or EachElementLengthAttribute { MinimumLength: > 0 }) is true
        || parameter is { IsRequired: true, IsSetNullable: false };

    /// <summary>
    /// Returns whether a client can send null for a parameter. In an update null clears a field, so it is accepted only for a field that can be without a value: read as "leave it unchanged" it would
    /// mislead clients that mean to clear it. For a parameter that is no field, such as the expected version, null is the same as leaving it out.
    /// </summary>
    public static bool AcceptsNull(JsonPropertyInfo parameter)
    {
        if (parameter.AttributeProvider is not PropertyInfo declared) return parameter.IsSetNullable;
        if (IOptional.ValueOf(declared.PropertyType) is not null) return true;
        var isField = declared.DeclaringType?.GetCustomAttribute<ToolAttribute>()?.Effect == Effect.Update && !declared.IsDefined(typeof(NotAFieldAttribute));
        return !isField && (parameter.PropertyType.IsValueType ? Nullable.GetUnderlyingType(parameter.PropertyType) is not null : parameter.IsSetNullable);
    }
}
