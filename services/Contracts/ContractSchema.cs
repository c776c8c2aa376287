using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Contracts;

/// <summary>
/// Creates the JSON Schema (2020-12) of a tool's parameters or result from the record itself: from the same types, attributes and doc comments with which the
/// service reads and validates it.
/// </summary>
public static class ContractSchema
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>The options for input. They use a standard enum converter, because the exporter supports only the converters of System.Text.Json.</summary>
    private static readonly JsonSerializerOptions InputOptions = CreateOptions(Json.Strict);

    /// <summary>The options for output. They permit additional properties, because results may gain fields.</summary>
    private static readonly JsonSerializerOptions OutputOptions = new(InputOptions) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>Returns the schema of what a client may send.</summary>
    public static JsonObject ForInput(Type type) => WithDialect(ForInput(type, (_, node) => node));

    /// <summary>Returns the schema of what a service returns.</summary>
    public static JsonObject ForOutput(Type type) => WithDialect(ForOutput(type, (_, node) => node));

    /// <summary>Returns the schema of what a client may send, as part of a larger document. <paramref name="transform"/> is applied to each node.</summary>
    public static JsonObject ForInput(Type type, Func<JsonSchemaExporterContext, JsonObject, JsonObject> transform) => Export(type, InputOptions, transform);

    /// <summary>Returns the schema of what a service returns, as part of a larger document. <paramref name="transform"/> is applied to each node.</summary>
    public static JsonObject ForOutput(Type type, Func<JsonSchemaExporterContext, JsonObject, JsonObject> transform) => Export(type, OutputOptions, transform);

    private static JsonObject Export(Type type, JsonSerializerOptions options, Func<JsonSchemaExporterContext, JsonObject, JsonObject> transform) =>
        (JsonObject)options.GetJsonSchemaAsNode(type,
            new()
            {
                TreatNullObliviousAsNonNullable = true,
                TransformSchemaNode = (context, node) => transform(context, Refine(context, node, isInput: options == InputOptions))
            });

    private static JsonSerializerOptions CreateOptions(JsonSerializerOptions read)
    {
        var options = new JsonSerializerOptions(read);
        options.Converters.Insert(0, new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { ShowValues } };
        return options;
    }

    /// <summary>Replaces each property of type <see cref="Optional{T}"/> with one of the type of its value.</summary>
    private static void ShowValues(JsonTypeInfo type)
    {
        for (var i = 0; i < type.Properties.Count; i++)
        {
            var property = type.Properties[i];
            if (IOptional.ValueOf(property.PropertyType) is not { } valueType) continue;
            var shownProperty = type.CreateJsonPropertyInfo(valueType, property.Name);
            (shownProperty.AttributeProvider, shownProperty.Get, shownProperty.Set) = (property.AttributeProvider, property.Get, (_, _) => { });
            if (!valueType.IsValueType) shownProperty.IsGetNullable = shownProperty.IsSetNullable = true;
            type.Properties[i] = shownProperty;
        }
    }

    private static JsonObject WithDialect(JsonObject schema)
    {
        schema.Insert(0, "$schema", Dialect);
        return schema;
    }

    /// <summary>Adds the rules and the description of a property to a node of its schema.</summary>
    /// <param name="isInput">Whether the value is read from a client. Values in a result may be older than the current rules.</param>
    private static JsonObject Refine(JsonSchemaExporterContext context, JsonNode node, bool isInput)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        // The exporter writes types with a custom converter as `true`, which accepts anything.
        var schema = node as JsonObject ?? [];
        var optional = Nullable.GetUnderlyingType(context.TypeInfo.Type) is not null;

        if (type == typeof(DateTimeOffset)) SetStringKeyword(schema, optional, "format", "date-time");
        // A local time has no offset, which the format `time` requires.
        else if (type == typeof(TimeOnly))
        {
            schema.Remove("format");
            SetStringKeyword(schema, optional, "pattern", TextPatterns.TimeOfDay);
        }
        // The options of a prompt vary: a schema can only state that each is an object.
        else if (type == typeof(JsonArray)) schema["items"] = new JsonObject { ["type"] = "object" };
        else if (type.IsEnum) schema.Insert(0, "type", optional ? new JsonArray("string", "null") : "string");
        else if (isInput && type == typeof(int)) SetRange(schema, int.MinValue, int.MaxValue);
        else if (isInput && type == typeof(long)) SetRange(schema, -Json.MaxSafeInteger, Json.MaxSafeInteger);
        // An element of a list of texts; a single text is a property.
        else if (isInput && type == typeof(string) && context.PropertyInfo is null) schema["pattern"] = TextPatterns.Line;

        if (context.PropertyInfo?.AttributeProvider is PropertyInfo property && context.PropertyInfo.PropertyType == context.TypeInfo.Type)
        {
            if (isInput && type == typeof(string)) ApplyTextRules(schema, context.PropertyInfo);
            foreach (var rule in property.GetCustomAttributes()) ApplyAttribute(schema, rule);
            if (property.IsDefined(typeof(NeverNullInResponseAttribute))) LeaveOutNull(schema);
            if (isInput && !ParameterRules.AcceptsNull(context.PropertyInfo)) LeaveOutNull(schema);
            if (property.GetCustomAttribute<DefaultValueAttribute>() is { } usual) schema["default"] = JsonSerializer.SerializeToNode(usual.Value, Json.Strict);
            if (XmlDocumentation.GetDescription(property) is { Length: > 0 } text) schema.Insert(0, "description", text);
        }
        return schema;
    }

    private static void LeaveOutNull(JsonObject schema)
    {
        if (schema["type"] is JsonArray types) schema["type"] = types.First(type => (string?)type != "null")!.DeepClone();
        if (schema["enum"] is JsonArray values) values.Remove(values.FirstOrDefault(value => value is null));
        if (schema.ContainsKey("default") && schema["default"] is null) schema.Remove("default");
    }

    private static void SetStringKeyword(JsonObject schema, bool optional, string keyword, string value)
    {
        schema["type"] = optional ? new JsonArray("string", "null") : "string";
        schema[keyword] = value;
    }

    private static void SetRange(JsonObject schema, long min, long max)
    {
        schema["minimum"] = min;
        schema["maximum"] = max;
    }

    /// <summary>Applies the rules that apply to every text without narrower rules for its characters.</summary>
    private static void ApplyTextRules(JsonObject schema, JsonPropertyInfo property)
    {
        var annotated = property.AttributeProvider!;
        var isNeeded = ParameterRules.RequiresText(property);
        if (isNeeded) schema["minLength"] = 1;
        // Allowed values, e-mail addresses and time zone names have narrower rules of their own.
        if (ParameterRules.HasAttribute<AllowedValuesAttribute>(
            annotated) || ParameterRules.HasAttribute<EmailAddressAttribute>(annotated) || ParameterRules.HasAttribute<TimeZoneNameAttribute>(annotated))
            return;
        schema["pattern"] = ParameterRules.HasAttribute<OpaqueAttribute>(annotated) ? TextPatterns.Opaque
            : ParameterRules.HasAttribute<MultilineAttribute>(annotated) ? (isNeeded ? TextPatterns.VisibleLines : TextPatterns.Lines)
            : isNeeded ? TextPatterns.VisibleLine : TextPatterns.Line;
    }

    private static void ApplyAttribute(JsonObject schema, Attribute rule)
    {
        switch (rule)
        {
            case RangeAttribute range:
                schema["minimum"] = JsonSerializer.SerializeToNode(range.Minimum, Json.Strict);
                schema["maximum"] = JsonSerializer.SerializeToNode(range.Maximum, Json.Strict);
                break;
            case LengthAttribute length:
                SetLength(schema, length.MinimumLength, length.MaximumLength);
                break;
            case StringLengthAttribute length:
                SetLength(schema, length.MinimumLength, length.MaximumLength);
                break;
            case MinLengthAttribute min:
                SetLength(schema, min.Length, null);
                break;
            case MaxLengthAttribute max:
                SetLength(schema, null, max.Length);
                break;
            case EachElementLengthAttribute each:
                if (schema["items"] is not JsonObject item) break;
                SetLength(item, each.MinimumLength, each.MaximumLength);
                if (each.MinimumLength > 0 && item["pattern"] is { } any)
                    item["pattern"] = ((string)any!).Replace(TextPatterns.Line[1..], TextPatterns.VisibleLine[1..], StringComparison.Ordinal);
                break;
            case PlausibleDateAttribute:
                schema["pattern"] = PlausibleDateAttribute.Pattern;
                break;
            case PlannedDateAttribute:
                schema["pattern"] = PlannedDateAttribute.Pattern;
                break;
            case PastDateAttribute:
                schema["pattern"] = PastDateAttribute.Pattern;
                break;
            case EachRangeAttribute each:
                SetRange((JsonObject)schema["items"]!, each.Least, each.Most);
                break;
            case UniqueItemsAttribute:
                schema["uniqueItems"] = true;
                break;
            case HttpLinksOrNamesAttribute:
                if (schema["items"] is JsonObject items && items["pattern"] is { } itemPattern)
                    items["pattern"] = $"^(?={HttpLinksOrNamesAttribute.PrefixPattern}){((string)itemPattern!)[1..]}";
                break;
            case DomainNamesAttribute:
                schema["items"]!["pattern"] = TextPatterns.WithSpacesAround(DomainNamesAttribute.Pattern);
                break;
            case EmailAddressAttribute:
                schema["format"] = "email";
                schema["pattern"] = TextPatterns.EmailAddress;
                break;
            case PhoneNumberAttribute:
                schema["pattern"] = TextPatterns.WithSpacesAround(PhoneNumberAttribute.Pattern);
                schema["examples"] = new JsonArray(PhoneNumberAttribute.Example);
                break;
            case UrlAttribute:
                schema["format"] = "uri";
                break;
            case RegularExpressionAttribute pattern:
                // The attribute matches the whole text; a pattern in a schema matches any part of it.
                schema["pattern"] = TextPatterns.WithSpacesAround($"(?:{pattern.Pattern})");
                break;
            case TimeZoneNameAttribute:
                schema["maxLength"] = TimeZoneNameAttribute.MaxLength;
                schema["examples"] = new JsonArray("Europe/Berlin");
                break;
            case AllowedValuesAttribute allowed:
                schema["enum"] = JsonSerializer.SerializeToNode(allowed.Values, Json.Strict);
                break;
        }
    }

    private static void SetLength(JsonObject schema, int? minLength, int? maxLength)
    {
        var list = schema["items"] is not null;
        if (minLength is { } min) schema[list ? "minItems" : "minLength"] = min;
        if (maxLength is { } max) schema[list ? "maxItems" : "maxLength"] = max;
    }
}
