using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.Tools;

/// <summary>
/// The JSON Schema (2020-12) of a tool's parameters or result, from the record itself: the same types, annotations and docstrings by which
/// the service reads and checks it.
/// </summary>
internal static class Schema
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>No text holds this character, which PostgreSQL cannot.</summary>
    private const string NoNul = "^[^\\u0000]*$";

    private static readonly JsonSerializerOptions Closed = new(Json.Strict) { TypeInfoResolver = Json.Strict.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver() };

    /// <summary>Results may gain fields, so theirs are open.</summary>
    private static readonly JsonSerializerOptions Open = new(Closed) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>What a client may send.</summary>
    public static JsonObject Input(Type type) => InDialect(Input(type, inside: null));

    /// <summary>What a service answers.</summary>
    public static JsonObject Output(Type type) => InDialect(Output(type, inside: null));

    /// <summary>What a client may send, without the dialect. The records inside it become what <paramref name="inside"/> makes of them.</summary>
    public static JsonObject Input(Type type, Func<Type, JsonObject>? inside) => Of(type, Closed, inside);

    /// <summary>What a service answers, likewise.</summary>
    public static JsonObject Output(Type type, Func<Type, JsonObject>? inside) => Of(type, Open, inside);

    private static JsonObject InDialect(JsonObject schema)
    {
        schema.Insert(0, "$schema", Dialect);
        return schema;
    }

    private static JsonObject Of(Type type, JsonSerializerOptions options, Func<Type, JsonObject>? inside) => (JsonObject)options.GetJsonSchemaAsNode(type, new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, node) =>
            inside is not null && context.Path.Length > 0 && context.TypeInfo.Kind == JsonTypeInfoKind.Object ? Refer(context, inside) : Refine(context, node),
    });

    private static JsonObject Refer(JsonSchemaExporterContext context, Func<Type, JsonObject> inside)
    {
        var reference = inside(context.TypeInfo.Type);
        if (OwnProperty(context) is not { } property) return reference;
        var schema = context.PropertyInfo!.IsGetNullable ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) } : reference;
        Describe(schema, property);
        return schema;
    }

    /// <summary>The property whose value a node is; none for the elements of a list.</summary>
    private static PropertyInfo? OwnProperty(JsonSchemaExporterContext context) =>
        context.PropertyInfo?.PropertyType == context.TypeInfo.Type ? context.PropertyInfo.AttributeProvider as PropertyInfo : null;

    private static void Describe(JsonObject schema, PropertyInfo property)
    {
        if (Docs.Of(property) is { Length: > 0 } text) schema.Insert(0, "description", text);
    }

    private static JsonObject Refine(JsonSchemaExporterContext context, JsonNode node)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        // Types with a converter of their own come out as `true`: anything.
        var schema = node as JsonObject ?? [];
        var optional = Nullable.GetUnderlyingType(context.TypeInfo.Type) is not null;

        if (type == typeof(DateTimeOffset)) Text(schema, optional, "format", "date-time");
        // A time on a hospital's wall has no offset, which the format `time` demands.
        else if (type == typeof(TimeOnly))
        {
            schema.Remove("format");
            Text(schema, optional, "pattern", "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?$");
        }
        else if (type.IsEnum) schema.Insert(0, "type", optional ? new JsonArray("string", "null") : "string");

        if (OwnProperty(context) is { } property)
        {
            foreach (var rule in property.GetCustomAttributes<ValidationAttribute>()) Narrow(schema, rule);
            if (property.GetCustomAttribute<DefaultValueAttribute>() is { } usual) schema["default"] = JsonSerializer.SerializeToNode(usual.Value, Json.Strict);
            Describe(schema, property);
        }
        Complete(schema, type, context.TypeInfo.Options == Closed ? MedCorService.LargestBody : ToolAnswer.Largest);
        return schema;
    }

    private static void Text(JsonObject schema, bool optional, string keyword, string value)
    {
        schema["type"] = optional ? new JsonArray("string", "null") : "string";
        schema[keyword] = value;
    }

    private static void Narrow(JsonObject schema, ValidationAttribute rule)
    {
        switch (rule)
        {
            case RangeAttribute range:
                schema["minimum"] = JsonSerializer.SerializeToNode(range.Minimum, Json.Strict);
                schema["maximum"] = JsonSerializer.SerializeToNode(range.Maximum, Json.Strict);
                break;
            case LengthAttribute length:
                Bound(schema, length.MinimumLength, length.MaximumLength);
                break;
            case StringLengthAttribute length:
                Bound(schema, length.MinimumLength, length.MaximumLength);
                break;
            case MinLengthAttribute least:
                Bound(schema, least.Length, null);
                break;
            case MaxLengthAttribute most:
                Bound(schema, null, most.Length);
                break;
            case EmailAddressAttribute:
                schema["format"] = "email";
                break;
            case UrlAttribute:
                schema["format"] = "uri";
                break;
            case RegularExpressionAttribute pattern:
                // The attribute matches the whole text, a schema's pattern any part of it.
                schema["pattern"] = $"^(?:{pattern.Pattern})$";
                break;
            case TimeZoneNameAttribute:
                schema["maxLength"] = TimeZoneNameAttribute.Longest;
                break;
            case AllowedValuesAttribute allowed:
                schema["enum"] = JsonSerializer.SerializeToNode(allowed.Values, Json.Strict);
                break;
        }
    }

    /// <summary>
    /// What holds of every value of a kind, where its field says nothing narrower: numbers have the ends of their type, texts and lists those of
    /// what holds them.
    /// </summary>
    /// <param name="most">How large the body is that they stand in, at most.</param>
    private static void Complete(JsonObject schema, Type type, int most)
    {
        if (type == typeof(int)) Ends("int32", int.MinValue, int.MaxValue);
        else if (type == typeof(long)) Ends("int64", long.MinValue, long.MaxValue);
        else if (type == typeof(Guid)) schema["maxLength"] = 36;
        else if (type == typeof(DateOnly)) schema["maxLength"] = "yyyy-MM-dd".Length;
        else if (type == typeof(TimeOnly)) schema["maxLength"] = "HH:mm:ss.fffffff".Length;
        // As many digits of a second as are read.
        else if (type == typeof(DateTimeOffset)) schema["maxLength"] = "yyyy-MM-ddTHH:mm:ss.ffffffffffffffff+HH:mm".Length;
        else if (type == typeof(string) && schema["enum"] is null)
        {
            schema.TryAdd("maxLength", most);
            if (schema["format"] is null) schema.TryAdd("pattern", NoNul);
        }
        else if (schema["items"] is not null) schema.TryAdd("maxItems", most);

        void Ends(string format, long least, long most)
        {
            schema["format"] = format;
            schema.TryAdd("minimum", least);
            schema.TryAdd("maximum", most);
        }
    }

    private static void Bound(JsonObject schema, int? least, int? most)
    {
        var list = schema["items"] is not null;
        if (least is { } min) schema[list ? "minItems" : "minLength"] = min;
        if (most is { } max) schema[list ? "maxItems" : "maxLength"] = max;
    }
}
