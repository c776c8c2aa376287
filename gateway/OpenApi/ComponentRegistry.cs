using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults;

namespace MedCor.Gateway.OpenApi;

/// <summary>What operations share, written once and referred to: the schemas of the contracts' records, the refusals, the headers.</summary>
internal sealed class ComponentRegistry
{
    private readonly SortedDictionary<string, (Type? Of, JsonObject Schema)> _schemas = new(StringComparer.Ordinal);

    /// <summary>Refers to the schema of what a client may send.</summary>
    public JsonObject ReferenceInput(Type type) => AddReference(GetSchemaName(type), type, () => ContractSchema.ForInput(type, (at, node) => TransformNode(at, node, ReferenceNestedInput, MedCorDefaults.MaxRequestBodySize)));

    /// <summary>Refers to the schema of what is answered.</summary>
    public JsonObject ReferenceOutput(Type type) => AddReference(GetSchemaName(type), type, () => ContractSchema.ForOutput(type, (at, node) => TransformNode(at, node, ReferenceOutput, ToolResponse.MaxLength)));

    /// <summary>Refers to a schema that no record has.</summary>
    public JsonObject ReferenceNamed(string name, Func<JsonObject> schema) => AddReference(name, null, schema);

    /// <summary>The schema that a reference leads to; anything else is itself.</summary>
    public JsonObject Resolve(JsonObject schema) => (string?)schema["$ref"] is { } reference ? _schemas[reference[SchemaPrefix.Length..]].Schema : schema;

    /// <summary>All of them. What is referred to later is not in it.</summary>
    public JsonObject Write()
    {
        var problem = ReferenceOutput(typeof(ErrorEnvelope));
        var details = _schemas[nameof(Problem)].Schema["properties"]!["details"]!.AsObject();
        details["properties"] = new JsonObject { ["request_id"] = SchemaBuilder.Text(128, "Quote it when you report the error.") };
        details["required"] = new JsonArray("request_id");
        details["additionalProperties"] = true;
        return new()
        {
            ["schemas"] = new JsonObject(_schemas.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value.Schema.DeepClone()))),
            ["responses"] = new JsonObject(ErrorResponses.All.Select(r => KeyValuePair.Create(r.Name, (JsonNode?)r.Describe(problem)))),
            ["headers"] = ResponseHeaders.DescribeAll(),
            ["securitySchemes"] = new JsonObject
            {
                ["bearer"] = new JsonObject
                {
                    ["type"] = "http",
                    ["scheme"] = "bearer",
                    ["bearerFormat"] = "JWT",
                    ["description"] = "The access_token of a log-in. Checked as RFC8725 wants it: signed with ES256 by a key of /.well-known/jwks.json, with issuer, audience and expiry.",
                },
            },
        };
    }

    private const string SchemaPrefix = "#/components/schemas/";

    /// <summary>A record inside parameters knows no further fields; the same one inside a result may gain some.</summary>
    private JsonObject ReferenceNestedInput(Type type) => AddReference(GetSchemaName(type) + "Input", type, () => ContractSchema.ForInput(type, (at, node) => TransformNode(at, node, ReferenceNestedInput, MedCorDefaults.MaxRequestBodySize)));

    /// <summary>A node of a schema: a record inside another is referred to, anything else has all its bounds.</summary>
    /// <param name="most">How large the body is that it stands in, at most.</param>
    private static JsonObject TransformNode(JsonSchemaExporterContext at, JsonObject node, Func<Type, JsonObject> inside, int most)
    {
        if (at.Path.Length == 0 || at.TypeInfo.Kind != JsonTypeInfoKind.Object) return AddBounds(node, Nullable.GetUnderlyingType(at.TypeInfo.Type) ?? at.TypeInfo.Type, most);
        var reference = inside(at.TypeInfo.Type);
        var own = at.PropertyInfo?.PropertyType == at.TypeInfo.Type;
        var part = own && at.PropertyInfo!.IsGetNullable ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) } : reference;
        if (own && node["description"] is { } text) part.Insert(0, "description", text.DeepClone());
        return part;
    }

    /// <summary>
    /// With what holds of every value of its kind, where its field says nothing narrower: numbers have the ends of their type, texts and lists those
    /// of the body, and no text holds U+0000, which PostgreSQL cannot keep. For tools that read documents; whoever reads the list of tools knows.
    /// </summary>
    private static JsonObject AddBounds(JsonObject schema, Type type, int most)
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
            if (schema["format"] is null) schema.TryAdd("pattern", SchemaBuilder.NoNulPattern);
        }
        else if (SchemaBuilder.GetSchemaType(schema) == "array") schema.TryAdd("maxItems", most);
        return schema;

        void Ends(string format, long least, long greatest)
        {
            schema["format"] = format;
            schema.TryAdd("minimum", least);
            schema.TryAdd("maximum", greatest);
        }
    }

    private JsonObject AddReference(string name, Type? of, Func<JsonObject> schema)
    {
        if (!_schemas.TryGetValue(name, out var known))
        {
            // Known before it is written, so that it may hold itself.
            _schemas[name] = (of, []);
            var written = schema();
            if (of is not null && written["description"] is null && XmlDocumentation.GetSummary(of) is { Length: > 0 } text) written.Insert(0, "description", text);
            _schemas[name] = (of, written);
        }
        else if (known.Of != of) throw new InvalidOperationException($"{of} and {known.Of} would both be described as {name}. Rename one.");
        return new() { ["$ref"] = SchemaPrefix + name };
    }

    private static string GetSchemaName(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Page<>) ? $"{type.GetGenericArguments()[0].Name}Page" : type.Name;
}
