using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace MedCor.Gateway.OpenApi;

/// <summary>
/// Holds the components that operations share and refer to: the schemas of the contracts' records, the error responses and the response headers.
/// </summary>
internal sealed class ComponentRegistry
{
    private readonly SortedDictionary<string, (Type? Of, JsonObject Schema)> _schemas = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ErrorResponse> _errors = [];

    /// <summary>Returns a reference to the schema of a request type.</summary>
    public JsonObject ReferenceInput(Type type) =>
        AddReference(GetSchemaName(type), type,
            () => ContractSchema.ForInput(type, (at, node) => TransformNode(at, node, ReferenceNestedInput, MedCorDefaults.MaxRequestBodySize)));

    /// <summary>Returns a reference to the schema of a response type.</summary>
    public JsonObject ReferenceOutput(Type type) =>
        AddReference(GetSchemaName(type), type,
            () => ContractSchema.ForOutput(type, (at, node) => TransformNode(at, node, ReferenceOutput, BufferedBytesLimiter.MaxResponseLength)));

    /// <summary>Returns a reference to a named schema that has no record type.</summary>
    public JsonObject ReferenceNamed(string name, Func<JsonObject> schema) => AddReference(name, null, schema);

    /// <summary>Returns the schema that a reference points to; returns any other schema unchanged.</summary>
    public JsonObject Resolve(JsonObject schema) => (string?)schema["$ref"] is { } reference ? _schemas[reference[SchemaPrefix.Length..]].Schema : schema;

    /// <summary>Returns whether a field of a schema has an example in the contracts.</summary>
    public bool TryGetExample(string schema, string field, out JsonNode? example)
    {
        example = null;
        return _schemas.TryGetValue(schema, out var known) && known.Of is { } type && ContractExamples.TryGet(type, field, out example);
    }

    /// <summary>Returns a reference to an error response.</summary>
    public IOpenApiResponse Reference(ErrorResponse error, OpenApiDocument document)
    {
        _errors[error.Name] = error;
        return new OpenApiResponseReference(error.Name, document);
    }

    /// <summary>Adds all components to a document. Components that are referenced afterwards are not included.</summary>
    public void AddTo(OpenApiDocument document)
    {
        var problem = ToOpenApi(ReferenceOutput(typeof(ErrorEnvelope)), document);
        var details = _schemas[nameof(Problem)].Schema["properties"]!["details"]!.AsObject();
        details["properties"] = new JsonObject { ["request_id"] = SchemaBuilder.Text(128, "The ID of the request. Include it when you report the error.") };
        details["required"] = new JsonArray("request_id");
        details["additionalProperties"] = new JsonObject();
        foreach (var (name, (_, schema)) in _schemas) document.AddComponent(name, ToOpenApi(schema, document));
        foreach (var error in _errors.Values.OrderBy(e => e.Status)) document.AddComponent<IOpenApiResponse>(error.Name, error.Describe(problem, document));
        foreach (var (name, header) in ResponseHeaders.DescribeAll()) document.AddComponent<IOpenApiHeader>(name, header);
    }

    /// <summary>Converts a schema to the object model, in the form that client generators understand.</summary>
    /// <param name="document">The document that contains the referenced components; null for a schema without references.</param>
    public static IOpenApiSchema ToOpenApi(JsonObject schema, OpenApiDocument? document)
    {
        document ??= new();
        if (schema.Count == 1 && (string?)schema["$ref"] is { } reference) return new OpenApiSchemaReference(reference[SchemaPrefix.Length..], document);
        var transformed = schema.DeepClone();
        ClientGeneratorTransformer.Transform(transformed);
        var read = OpenApiModelFactory.Parse<OpenApiSchema>(transformed.ToJsonString(), OpenApiSpecVersion.OpenApi3_1, document,
            out var diagnostic, OpenApiConstants.Json);
        return diagnostic.Errors.Count == 0 ? read! : throw new InvalidOperationException($"A schema is not valid: {string.Join("; ", diagnostic.Errors)}");
    }

    private const string SchemaPrefix = "#/components/schemas/";

    /// <summary>
    /// Returns a reference to the schema of a record inside parameters. Unlike the schema of the same record inside a result, it allows no additional
    /// fields.
    /// </summary>
    private JsonObject ReferenceNestedInput(Type type) =>
        AddReference(GetSchemaName(type) + "Input", type,
            () => ContractSchema.ForInput(type, (at, node) => TransformNode(at, node, ReferenceNestedInput, MedCorDefaults.MaxRequestBodySize)));

    /// <summary>Transforms a schema node: replaces a nested record by a reference, and adds bounds to any other node.</summary>
    /// <param name="most">The maximum size in bytes of the body that contains the node.</param>
    private static JsonObject TransformNode(JsonSchemaExporterContext at, JsonObject node, Func<Type, JsonObject> inside, int most)
    {
        if (at.Path.Length == 0 || at.TypeInfo.Kind != JsonTypeInfoKind.Object)
            return AddBounds(node, Nullable.GetUnderlyingType(at.TypeInfo.Type) ?? at.TypeInfo.Type, most);
        var reference = inside(at.TypeInfo.Type);
        var own = at.PropertyInfo?.PropertyType == at.TypeInfo.Type;
        var part = own && at.PropertyInfo!.IsGetNullable
            ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) }
            : reference;
        if (own && node["description"] is { } text) part.Insert(0, "description", text.DeepClone());
        return part;
    }

    /// <summary>
    /// Adds the bounds that hold for every value of a type, unless the field has narrower ones: numbers have the range of their type, strings and arrays the
    /// maximum size of the body, and no string contains U+0000, which PostgreSQL cannot store. These bounds are for tools that read OpenAPI documents; the
    /// schemas in the list of tools omit them.
    /// </summary>
    private static JsonObject AddBounds(JsonObject schema, Type type, int most)
    {
        if (type == typeof(int)) Ends("int32", int.MinValue, int.MaxValue);
        else if (type == typeof(long)) Ends("int64", long.MinValue, long.MaxValue);
        else if (type == typeof(Guid)) schema["maxLength"] = 36;
        else if (type == typeof(DateOnly)) schema["maxLength"] = "yyyy-MM-dd".Length;
        else if (type == typeof(TimeOnly)) schema["maxLength"] = "HH:mm:ss.fffffff".Length;
        // The parser reads up to 16 fractional digits of a second.
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
            // Registered before the schema is written, so that a record can refer to itself.
            _schemas[name] = (of, []);
            var written = schema();
            if (of is not null && written["description"] is null && XmlDocumentation.GetSummary(of) is { Length: > 0 } text)
                written.Insert(0, "description", text);
            _schemas[name] = (of, written);
        }
        else if (known.Of != of) throw new InvalidOperationException($"{of} and {known.Of} would both be described as {name}. Rename one.");
        return new() { ["$ref"] = SchemaPrefix + name };
    }

    private static string GetSchemaName(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Page<>) ? $"{type.GetGenericArguments()[0].Name}Page" : type.Name;
}
