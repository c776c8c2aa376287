using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Resources;

namespace MedCor.Gateway.OpenApi;

/// <summary>Resources: rows to read by address, in the shape in which the tools answer them.</summary>
internal static class DescribeResources
{
    public const string Tag = "Resources";

    public static IEnumerable<Operation> All(Components components)
    {
        foreach (var resource in ResourceCatalogue.All.Values)
        {
            var (path, id, words) = ($"/api/mcp/resources/{resource.Name}", $"read_{resource.Name.Replace('/', '_')}", resource.Name.Replace('_', ' ').Replace('/', ' '));
            if (!resource.IsList)
            {
                yield return Read(path, id, $"Show the {words}", resource.Entity, components, [Filter(), .. Shaping(resource), DescribeHealth.IfNoneMatch()], [400, 401, 403, 429, 500, 503]);
                continue;
            }
            yield return Read(path, id, $"List {words}", typeof(Page<>).MakeGenericType(resource.Entity), components,
                [.. Paging(), Filter(), .. Shaping(resource), DescribeHealth.IfNoneMatch()], [400, 401, 403, 429, 500, 503]);
            yield return Read($"{path}/{{id}}", $"{id}_by_id", $"Show one of {words}", resource.Entity, components,
                [Operation.Parameter("path", "id", "Which one.", Shape.Id(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", required: true), .. Shaping(resource), DescribeHealth.IfNoneMatch()], [400, 401, 403, 404, 429, 500, 503]);
        }
    }

    private static Operation Read(string path, string id, string summary, Type result, Components components, JsonObject[] parameters, int[] refused)
    {
        var answer = components.Output(result);
        return new(path, "get", id, Tag, summary, $"{summary}. What the tools show you is what you see here; a name that is not known, in any of the parameters, is refused by name.")
        {
            Parameters = parameters,
            Answers = "What was asked for; with fields or expand, less or more of it.",
            Answer = answer,
            AnswerExample = Example.Answer(answer, components),
            AnswerHeaders = [Headers.ETag],
            OtherAnswers = new() { ["304"] = DescribeHealth.NotModified() },
            Refused = refused,
        };
    }

    private static JsonObject[] Paging() =>
    [
        Operation.Parameter("query", "page", "Which page, from 1.", Shape.Integer(1, 1_000_000), 1),
        Operation.Parameter("query", "limit", "How many on a page.", Shape.Integer(1, 100), 20),
        Operation.Parameter("query", "sort", "Fields to sort by, separated by commas; a leading - sorts downwards. A refusal names the orders that there are.", Shape.Text(ResourceQuery.LongestSort)),
    ];

    private static JsonObject Filter() => Operation.Parameter("query", "filter",
        "A JSON object by field: a value, or {\"gte\": …, \"lt\": …}, {\"in\": […]}, {\"contains\": …}. A refusal names the fields that there are.", Shape.Text(ResourceQuery.LongestFilter));

    private static JsonObject[] Shaping(ResourceKind resource) =>
    [
        Operation.Parameter("query", "fields", $"Only these fields, separated by commas: {string.Join(", ", resource.Fields)}.", Shape.Names(resource.Fields, ResourceQuery.LongestFields)),
        .. resource.References.Count == 0 ? (JsonObject[])[] :
            [Operation.Parameter("query", "expand", $"What is named by its id is put in whole: {string.Join(", ", resource.References.Keys)}.", Shape.Names(resource.References.Keys, ResourceQuery.LongestExpand))],
    ];
}
