using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;
using MedCor.DemoData;
using MedCor.Gateway.OpenApi;
using MedCor.Validation;
using Microsoft.AspNetCore.Routing;

namespace MedCor.Tests.Unit.OpenApi;

/// <summary>Tests the rules of the OpenAPI document on the one that the gateway serves.</summary>
public sealed class DocumentTests
{
    private static readonly JsonNode Api = JsonNode.Parse(MappedRoutes.WriteOpenApiDocument())!;

    public static TheoryData<string> Tools => [.. ToolCatalogue.All.Keys];

    [Theory, MemberData(nameof(Tools))]
    public void A_tool_is_an_operation_of_its_own_with_examples_and_refusals(string name)
    {
        var operation = Api["paths"]![$"/api/mcp/tools/{name}"]!["post"]!;

        Assert.Equal(name, (string?)operation["operationId"]);
        Assert.NotEmpty((string)operation["summary"]!);
        Assert.StartsWith(ToolCatalogue.All[name].Description, (string?)operation["description"], StringComparison.Ordinal);
        Assert.NotEmpty(Content(operation["requestBody"]!)["examples"]!.AsObject());
        Assert.NotEmpty(Content(operation["responses"]!["200"]!)["examples"]!.AsObject());
        foreach (var status in (string[])["400", "401", "403", "404", "408", "409", "413", "415", "429", "500", "503"])
            Assert.Equal("#/components/schemas/ErrorEnvelope", (string?)Content(Resolve(operation["responses"]![status]!))["schema"]!["$ref"]);
    }

    [Theory, MemberData(nameof(Tools))]
    public void Its_service_reads_the_examples_of_a_tool(string name)
    {
        var read = typeof(ParameterReader<>).MakeGenericType(ToolCatalogue.All[name].Params).GetMethod("Read", BindingFlags.Public | BindingFlags.Static)!;

        foreach (var (_, example) in Content(Api["paths"]![$"/api/mcp/tools/{name}"]!["post"]!["requestBody"]!)["examples"]!.AsObject())
            Assert.NotNull(read.Invoke(null, [(ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(example!["value"]!.ToJsonString()), "body"]));
    }

    [Fact]
    public void Every_example_is_what_its_schema_says()
    {
        var shown = (from place in Everywhere(Api)
                     where place["schema"] is JsonObject
                     from example in (IEnumerable<JsonNode?>)[.. place["examples"]?.AsObject().Select(e => e.Value!["value"]) ?? [],
                         .. place.ContainsKey("example") ? [place["example"]] : (JsonNode?[])[]]
                     select (Schema: place["schema"]!, Example: example)).ToArray();

        Assert.True(shown.Length > ToolCatalogue.All.Count * 2);
        Assert.Empty(shown.SelectMany(s => JsonSchemaValidator.Errors(Api, s.Schema, s.Example)));
    }

    [Fact]
    public void Every_live_event_is_listed_and_has_a_schema()
    {
        var stream = Api["paths"]!["/api/mcp/sse"]!["get"]!;

        foreach (var name in LiveEventNames.All)
        {
            var schema = Regex.Match((string)stream["description"]!, $@"\| `{name}` \|[^|]+\| `(\w+)` \|").Groups[1].Value;
            Assert.Contains($"[\"{name}\"]", Api["components"]!["schemas"]![schema]!.ToJsonString(), StringComparison.Ordinal);
            Assert.Contains($"#/components/schemas/{schema}\"", stream["responses"]!["200"]!.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_reference_leads_somewhere_and_nothing_is_kept_that_none_leads_to()
    {
        var references = Everywhere(Api).Select(o => (string?)o["$ref"]).OfType<string>().ToHashSet();

        Assert.All(references, r => Assert.NotNull(JsonSchemaValidator.Resolve(Api, r)));
        Assert.All((string[])["schemas", "responses", "headers"],
            kind => Assert.Empty(Api["components"]![kind]!.AsObject().Select(c => $"#/components/{kind}/{c.Key}").Except(references)));
    }

    [Fact]
    public void Every_mapped_route_is_documented() =>
        Assert.Empty(from endpoint in MappedRoutes.Routes
                     where endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null && endpoint.Metadata.GetMetadata<ToolPathMetadata>() is null
                     from method in MappedRoutes.MethodsOf(endpoint)
                     where method != "HEAD" && Api["paths"]![endpoint.RoutePattern.RawText!]?[method.ToLowerInvariant()] is null
                     select $"{method} {endpoint.RoutePattern.RawText}");

    [Fact]
    public void A_route_that_is_turned_off_is_not_documented()
    {
        var paths = JsonNode.Parse(MappedRoutes.WriteOpenApiDocument(settings: ("MCP_WEBSOCKET_ENABLED", "false")))!["paths"]!.AsObject();

        Assert.Equal(Api["paths"]!.AsObject().Select(p => p.Key).Where(p => p != "/api/mcp/ws"), paths.Select(p => p.Key));
    }

    [Fact]
    public void The_demo_password_is_shown_in_Development_alone()
    {
        Assert.Contains(DemoTenants.Password, Encoding.UTF8.GetString(MappedRoutes.WriteOpenApiDocument("Development")), StringComparison.Ordinal);
        Assert.DoesNotContain(DemoTenants.Password, Api.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_operation_has_an_id_of_its_own()
    {
        var ids = Api["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Select(o => (string?)o.Value!["operationId"]).ToArray();

        Assert.Equal(ids.Distinct(), ids);
        Assert.All(ids, Assert.NotNull);
    }

    [Fact]
    public void Every_tag_stands_once_and_every_operation_has_one_of_them()
    {
        var tags = Api["tags"]!.AsArray().Select(t => (string?)t!["name"]).ToArray();

        Assert.Equal(tags.Distinct(), tags);
        Assert.Equal(tags.Order(), Operations.SelectMany(o => o["tags"]!.AsArray().Select(t => (string?)t)).Distinct().Order());
        Assert.Equal(tags, Api["x-tagGroups"]!.AsArray().SelectMany(g => g!["tags"]!.AsArray().Select(t => (string?)t)));
    }

    /// <summary>Client generators treat a field with a default as always present, and an object without named fields as empty.</summary>
    [Fact]
    public void No_field_has_a_default_and_an_object_without_named_fields_takes_any()
    {
        Assert.Empty(Everywhere(Api).Where(o => o["properties"] is JsonObject).SelectMany(o => o["properties"]!.AsObject())
            .Where(f => f.Value!.AsObject().ContainsKey("default")).Select(f => f.Key));
        Assert.Empty(from schema in Everywhere(Api)
                     where schema["type"] is { } type && type.ToJsonString().Contains("\"object\"", StringComparison.Ordinal) && schema["properties"] is null
                         && !schema.ContainsKey("additionalProperties")
                     select schema.ToJsonString());
    }

    [Fact]
    public void Every_401_documents_the_authentication_challenge() =>
        Assert.All(Operations.Where(o => o["responses"]!["401"] is not null),
            o => Assert.NotNull(Resolve(o["responses"]!["401"]!)["headers"]!["WWW-Authenticate"]));

    [Fact]
    public void Every_text_number_and_list_has_bounds() =>
        Assert.Empty(from schema in Everywhere(Api)
                     let type = schema["type"] is JsonArray types ? (string?)types[0]
                         : schema["type"] is JsonValue one && one.TryGetValue<string>(out var only) ? only
                         : null
                     let bound = type switch
                     {
                         "string" => schema["enum"] is null ? "maxLength" : "enum",
                         "integer" => "maximum",
                         "array" => "maxItems",
                         _ => null
                     }
                     where bound is not null && !schema.ContainsKey(bound) && schema["scheme"] is null
                     select $"{bound}: {schema.ToJsonString()}");

    private static IEnumerable<JsonNode> Operations => Api["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Select(o => o.Value!);

    private static JsonNode Content(JsonNode body) => body["content"]!["application/json"]!;

    private static JsonNode Resolve(JsonNode node) => (string?)node["$ref"] is { } reference ? JsonSchemaValidator.Resolve(Api, reference)! : node;

    private static IEnumerable<JsonObject> Everywhere(JsonNode? node) => node switch
    {
        JsonObject inner => [inner, .. inner.Where(p => p.Key is not ("value" or "example")).SelectMany(p => Everywhere(p.Value))],
        JsonArray list => list.SelectMany(Everywhere),
        _ => [],
    };
}
