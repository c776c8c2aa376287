using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the resources: rows that clients read by URL, in the same format as the tools' results.</summary>
internal static class ResourceOperations
{
    public const string Tag = "Resources";

    public static IEnumerable<ApiOperation> All(ComponentRegistry components)
    {
        foreach (var resource in ResourceCatalogue.All.Values)
        {
            var (path, id, words) = ($"/api/mcp/resources/{resource.Name}", $"read_{resource.Name.Replace('/', '_')}", resource.Name.Replace('_', ' ').Replace('/', ' '));
            // A filter may name a hospital that does not exist.
            int[] listRefused = resource.Fields.Contains("hospital_id") ? [400, 401, 403, 404, 429, 500, 503] : [400, 401, 403, 429, 500, 503];
            if (!resource.IsList)
            {
                yield return Read(path, id, $"Show the {words}", resource.Entity, components, [FilterParameter(), .. ShapingParameters(resource), HealthOperations.IfNoneMatchParameter()], listRefused);
                continue;
            }
            yield return Read(path, id, $"List {words}", typeof(Page<>).MakeGenericType(resource.Entity), components,
                [.. PagingParameters(), FilterParameter(), .. ShapingParameters(resource), HealthOperations.IfNoneMatchParameter()], listRefused);
            yield return Read($"{path}/{{id}}", $"{id}_by_id", $"Show one of {words}", resource.Entity, components,
                [ApiOperation.Parameter("path", "id", "Which one.", SchemaBuilder.Uuid(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", required: true), .. ShapingParameters(resource), HealthOperations.IfNoneMatchParameter()], [400, 401, 403, 404, 429, 500, 503]);
        }
    }

    private static ApiOperation Read(string path, string id, string summary, Type result, ComponentRegistry components, JsonObject[] parameters, int[] refused)
    {
        var answer = components.ReferenceOutput(result);
        return new(path, "get", id, Tag, summary, $"{summary}. What the tools show you is what you see here; a name that is not known, in any of the parameters, is refused by name.")
        {
            Parameters = parameters,
            ResponseDescription = "What was asked for; with fields or expand, less or more of it.",
            ResponseSchema = answer,
            ResponseExample = ExampleValues.ForResponse(answer, components),
            ExtraHeaders = [ResponseHeaders.ETag],
            OtherResponses = new() { ["304"] = HealthOperations.NotModifiedResponse() },
            ErrorStatuses = refused,
        };
    }

    private static JsonObject[] PagingParameters() =>
    [
        ApiOperation.Parameter("query", "page", "Which page, from 1.", SchemaBuilder.Integer(1, 1_000_000), 1),
        ApiOperation.Parameter("query", "limit", "How many on a page.", SchemaBuilder.Integer(1, 100), 20),
        ApiOperation.Parameter("query", "sort", "Fields to sort by, separated by commas; a leading - sorts downwards. A refusal names the orders that there are.", SchemaBuilder.Text(ResourceQueryLimits.MaxSortLength)),
    ];

    private static JsonObject FilterParameter() => ApiOperation.Parameter("query", "filter",
        "A JSON object by field: a value, or {\"gte\": …, \"lt\": …}, {\"in\": […]}, {\"contains\": …}. A refusal names the fields that there are.", SchemaBuilder.Text(ResourceQueryLimits.MaxFilterLength));

    private static JsonObject[] ShapingParameters(ResourceDescriptor resource) =>
    [
        ApiOperation.Parameter("query", "fields", $"Only these fields, separated by commas: {string.Join(", ", resource.Fields)}.", SchemaBuilder.CommaSeparatedNames(resource.Fields, ResourceQueryLimits.MaxFieldsLength)),
        .. resource.References.Count == 0 ? (JsonObject[])[] :
            [ApiOperation.Parameter("query", "expand", $"What is named by its id is put in whole: {string.Join(", ", resource.References.Keys)}.", SchemaBuilder.CommaSeparatedNames(resource.References.Keys, ResourceQueryLimits.MaxExpandLength))],
    ];
}
