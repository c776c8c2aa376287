using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts;

/// <summary>
/// The JSON Schema (2020-12) of a tool's parameters or result, from the record itself: the same types, annotations and docstrings by which
/// the service reads and checks it.
/// </summary>
public static class ContractSchema
{
    private const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>The exporter looks into no converter but those of System.Text.Json.</summary>
    private static readonly JsonSerializerOptions InputOptions = CreateOptions(Json.Strict);

    /// <summary>Results may gain fields, so theirs are open.</summary>
    private static readonly JsonSerializerOptions OutputOptions = new(InputOptions) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>What a client may send.</summary>
    public static JsonObject ForInput(Type type) => WithDialect(ForInput(type, (_, node) => node));

    /// <summary>What a service answers.</summary>
    public static JsonObject ForOutput(Type type) => WithDialect(ForOutput(type, (_, node) => node));

    /// <summary>What a client may send, as a part of a document that makes of each of its nodes what <paramref name="then"/> does.</summary>
    public static JsonObject ForInput(Type type, Func<JsonSchemaExporterContext, JsonObject, JsonObject> then) => Export(type, InputOptions, then);

    /// <summary>What a service answers, likewise.</summary>
    public static JsonObject ForOutput(Type type, Func<JsonSchemaExporterContext, JsonObject, JsonObject> then) => Export(type, OutputOptions, then);

    private static JsonObject Export(Type type, JsonSerializerOptions options, Func<JsonSchemaExporterContext, JsonObject, JsonObject> then) =>
        (JsonObject)options.GetJsonSchemaAsNode(type, new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = (context, node) => then(context, Refine(context, node, isInput: options == InputOptions)) });

    private static JsonSerializerOptions CreateOptions(JsonSerializerOptions read)
    {
        var options = new JsonSerializerOptions(read);
        options.Converters.Insert(0, new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseUpper, allowIntegerValues: false));
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { ShowValues } };
        return options;
    }

    /// <summary>Shows in the place of each <see cref="Optional{T}"/> what it may hold.</summary>
    private static void ShowValues(JsonTypeInfo type)
    {
        for (var i = 0; i < type.Properties.Count; i++)
        {
            var property = type.Properties[i];
            if (IOptional.ValueOf(property.PropertyType) is not { } held) continue;
            var shown = type.CreateJsonPropertyInfo(held, property.Name);
            (shown.AttributeProvider, shown.Get, shown.Set) = (property.AttributeProvider, property.Get, (_, _) => { });
            if (!held.IsValueType) shown.IsGetNullable = shown.IsSetNullable = true;
            type.Properties[i] = shown;
        }
    }

    private static JsonObject WithDialect(JsonObject schema)
    {
        schema.Insert(0, "$schema", Dialect);
        return schema;
    }

    /// <param name="isInput">Whether it is read from a client. What is answered may be older than the rules of today.</param>
    private static JsonObject Refine(JsonSchemaExporterContext context, JsonNode node, bool isInput)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        // Types with a converter of their own come out as `true`: anything.
        var schema = node as JsonObject ?? [];
        var optional = Nullable.GetUnderlyingType(context.TypeInfo.Type) is not null;

        if (type == typeof(DateTimeOffset)) SetStringKeyword(schema, optional, "format", "date-time");
        // A time on a hospital's wall has no offset, which the format `time` demands.
        else if (type == typeof(TimeOnly))
        {
            schema.Remove("format");
            SetStringKeyword(schema, optional, "pattern", TextPatterns.TimeOfDay);
        }
        // Of a list of whatever there is to choose from, a schema can tell that each is an object.
        else if (type == typeof(JsonArray)) schema["items"] = new JsonObject { ["type"] = "object" };
        else if (type.IsEnum) schema.Insert(0, "type", optional ? new JsonArray("string", "null") : "string");
        else if (isInput && type == typeof(int)) SetRange(schema, int.MinValue, int.MaxValue);
        else if (isInput && type == typeof(long)) SetRange(schema, -Json.MaxSafeInteger, Json.MaxSafeInteger);
        // An entry of a list of texts; a text by itself is a property.
        else if (isInput && type == typeof(string) && context.PropertyInfo is null) schema["pattern"] = TextPatterns.Line;

        if (context.PropertyInfo?.AttributeProvider is PropertyInfo property && context.PropertyInfo.PropertyType == context.TypeInfo.Type)
        {
            if (isInput && type == typeof(string)) ApplyTextRules(schema, context.PropertyInfo);
            foreach (var rule in property.GetCustomAttributes()) ApplyAttribute(schema, rule);
            if (property.IsDefined(typeof(NeverNullInResponseAttribute))) schema["type"] = ((JsonArray)schema["type"]!)[0]!.DeepClone();
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

    private static void SetRange(JsonObject schema, long least, long most)
    {
        schema["minimum"] = least;
        schema["maximum"] = most;
    }

    /// <summary>What holds of every text that says nothing narrower of its characters.</summary>
    private static void ApplyTextRules(JsonObject schema, JsonPropertyInfo property)
    {
        var annotated = property.AttributeProvider!;
        var isNeeded = ParameterRules.RequiresText(property);
        if (isNeeded) schema["minLength"] = 1;
        // A choice and an address say for themselves what they are.
        if (ParameterRules.HasAttribute<AllowedValuesAttribute>(annotated) || ParameterRules.HasAttribute<EmailAddressAttribute>(annotated) || ParameterRules.HasAttribute<TimeZoneNameAttribute>(annotated)) return;
        schema["pattern"] = ParameterRules.HasAttribute<OpaqueAttribute>(annotated) ? "^[^\\u0000]*$"
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
            case MinLengthAttribute least:
                SetLength(schema, least.Length, null);
                break;
            case MaxLengthAttribute most:
                SetLength(schema, null, most.Length);
                break;
            case EachElementLengthAttribute each:
                if (schema["items"] is not JsonObject item) break;
                SetLength(item, each.MinimumLength, each.MaximumLength);
                if (each.MinimumLength > 0 && item["pattern"] is { } any) item["pattern"] = ((string)any!).Replace(TextPatterns.Line[1..], TextPatterns.VisibleLine[1..], StringComparison.Ordinal);
                break;
            case PlausibleDateAttribute:
                schema["pattern"] = PlausibleDateAttribute.Pattern;
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
                if (schema["items"] is JsonObject named && named["pattern"] is { } whole) named["pattern"] = $"^(?={HttpLinksOrNamesAttribute.PrefixPattern}){((string)whole!)[1..]}";
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
                // The attribute matches the whole text, a schema's pattern any part of it.
                schema["pattern"] = $"^(?:{pattern.Pattern})$";
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

    private static void SetLength(JsonObject schema, int? least, int? most)
    {
        var list = schema["items"] is not null;
        if (least is { } min) schema[list ? "minItems" : "minLength"] = min;
        if (most is { } max) schema[list ? "maxItems" : "maxLength"] = max;
    }
}
