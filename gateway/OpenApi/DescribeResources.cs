using System.Text.Json.Nodes;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.OpenApi;

/// <summary>Resources: rows to read by address, in the shape in which the tool that lists them answers.</summary>
internal static class DescribeResources
{
    public const string Tag = "Resources";

    private static readonly (string Name, string Tool)[] Lists =
    [
        .. from name in (string[])
           [
               "hospitals", "departments", "users", "doctors", "patients", "specialties", "appointments", "medical_records", "treatments", "audit_events",
               "subscription_plans", "subscriptions", "invoices",
           ]
           select (name, $"list_{name}"),
        ("analytics/reports", "list_reports"),
    ];

    public static IEnumerable<Operation> All(Components components)
    {
        foreach (var (name, list) in Lists)
        {
            if (!ToolCatalogue.All.TryGetValue(list, out var tool)) continue;
            var (page, one) = (tool.Result, tool.Result.GetGenericArguments()[0]);
            var id = $"read_{name.Replace('/', '_')}";
            yield return Read($"/api/mcp/resources/{name}", id, $"List {Words(name)}", page, components,
                [.. Paging(), .. Narrowing(one, components), .. Shaping(), DescribeHealth.IfNoneMatch()], [400, 401, 403, 429, 500, 503]);
            yield return Read($"/api/mcp/resources/{name}/{{id}}", $"{id}_by_id", $"Show one of {Words(name)}", one, components,
                [Operation.Parameter("path", "id", "Which one.", Shape.Id(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", required: true), .. Shaping(), DescribeHealth.IfNoneMatch()], [400, 401, 403, 404, 429, 500, 503]);
        }
        if (ToolCatalogue.All.TryGetValue("get_hospital_statistics", out var figures))
            yield return Read("/api/mcp/resources/analytics/dashboard", "read_dashboard", "A hospital in figures", figures.Result, components,
                [Operation.Parameter("query", "filter", "A JSON object: hospital_id, date_from, date_to.", Shape.Text(2000)), .. Shaping(), DescribeHealth.IfNoneMatch()], [400, 401, 403, 429, 500, 503]);
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
    ];

    private static JsonObject[] Narrowing(Type row, Components components)
    {
        var fields = string.Join(", ", components.Resolve(components.Output(row))["properties"]!.AsObject().Select(p => p.Key));
        return
        [
            Operation.Parameter("query", "sort", "Fields to sort by, separated by commas; a leading - sorts downwards.", Shape.Text(200), "-created_at"),
            Operation.Parameter("query", "filter", $"A JSON object by field: a value, or {{\"gte\": …, \"lt\": …}}, {{\"in\": […]}}, {{\"contains\": …}}. Fields: {fields}.", Shape.Text(4000)),
        ];
    }

    private static JsonObject[] Shaping() =>
    [
        Operation.Parameter("query", "fields", "Only these fields, separated by commas.", Shape.Text(500)),
        Operation.Parameter("query", "expand", "What is named by its id is put in whole, such as hospital or doctor.", Shape.Text(200)),
    ];

    private static string Words(string name) => name.Replace('_', ' ').Replace('/', ' ');
}
