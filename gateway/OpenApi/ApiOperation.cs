using System.Text.Json.Nodes;

namespace MedCor.Gateway.OpenApi;

/// <summary>One method of one path, described.</summary>
/// <param name="Path">Without a slash at its end.</param>
/// <param name="Method">In small letters.</param>
/// <param name="Id">Unique in the document.</param>
/// <param name="Tag">What it is listed under.</param>
/// <param name="Summary">A line.</param>
/// <param name="Description">All there is to say.</param>
internal sealed record ApiOperation(string Path, string Method, string Id, string Tag, string Summary, string Description)
{
    /// <summary>The schema of a JSON body; none takes none.</summary>
    public JsonObject? Body { get; init; }

    /// <summary>Whether the body may be left out.</summary>
    public bool BodyIsOptional { get; init; }

    /// <summary>Bodies to begin with, by name.</summary>
    public JsonObject? BodyExamples { get; init; }

    public JsonObject[] Parameters { get; init; } = [];

    /// <summary>The status of the answer that was asked for.</summary>
    public string Status { get; init; } = "200";

    /// <summary>What the answer is that was asked for.</summary>
    public string ResponseDescription { get; init; } = "Done.";

    /// <summary>The schema of a JSON answer.</summary>
    public JsonObject? ResponseSchema { get; init; }

    public JsonNode? ResponseExample { get; init; }

    /// <summary>The answer where it is not JSON.</summary>
    public JsonObject? ResponseContent { get; init; }

    /// <summary>Headers of the answer beyond those of every one.</summary>
    public string[] ExtraHeaders { get; init; } = [];

    /// <summary>The statuses of refusals.</summary>
    public required int[] ErrorStatuses { get; init; }

    /// <summary>Further answers, by status.</summary>
    public JsonObject OtherResponses { get; init; } = [];

    /// <summary>Whether anybody may call, logged in or not.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Whether calls count towards the caller's limit.</summary>
    public bool IsRateLimited { get; init; } = true;

    /// <summary>Refused, whatever is called.</summary>
    public static readonly int[] CommonErrorStatuses = [400, 401, 429, 500, 503];

    public JsonObject Write()
    {
        var operation = new JsonObject { ["operationId"] = Id, ["tags"] = new JsonArray(Tag), ["summary"] = Summary, ["description"] = Description };
        if (IsPublic) operation["security"] = new JsonArray();
        if (Parameters.Length > 0) operation["parameters"] = new JsonArray([.. Parameters]);
        if (Body is not null) operation["requestBody"] = new JsonObject { ["required"] = !BodyIsOptional, ["content"] = Json(Body, BodyExamples) };
        operation["responses"] = new JsonObject(
        [
            KeyValuePair.Create(Status, (JsonNode?)DescribeResponse()),
            .. OtherResponses.Select(a => KeyValuePair.Create(a.Key, a.Value?.DeepClone())),
            .. ErrorResponses.Reference(ErrorStatuses),
        ]);
        return operation;
    }

    private JsonObject DescribeResponse()
    {
        var answer = new JsonObject { ["description"] = ResponseDescription, ["headers"] = ResponseHeaders.Reference([.. IsRateLimited ? ResponseHeaders.Common : ResponseHeaders.Uncounted, .. ExtraHeaders]) };
        if (ResponseContent is not null) answer["content"] = ResponseContent;
        else if (ResponseSchema is not null) answer["content"] = Json(ResponseSchema, ResponseExample is null ? null : new JsonObject { ["answer"] = new JsonObject { ["value"] = ResponseExample } });
        return answer;
    }

    /// <summary>A parameter of the query, the path or the header.</summary>
    public static JsonObject Parameter(string place, string name, string description, JsonObject schema, JsonNode? example = null, bool required = false)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["description"] = description, ["required"] = required, ["schema"] = schema };
        if (example is not null) parameter["example"] = example;
        return parameter;
    }

    /// <summary>The content of an answer that is a stream of events.</summary>
    /// <param name="data">The schema of each event's data.</param>
    public static JsonObject EventStream(JsonObject data, string example) => new()
    {
        ["text/event-stream"] = new JsonObject
        {
            ["schema"] = new JsonObject
            {
                ["type"] = "string",
                ["maxLength"] = ToolInvocation.ToolResponse.MaxLength,
                ["pattern"] = SchemaBuilder.NoNulPattern,
                ["description"] = "Each event's data:",
                ["contentMediaType"] = "application/json",
                ["contentSchema"] = data,
            },
            ["example"] = example,
        },
    };

    private static JsonObject Json(JsonObject schema, JsonObject? examples)
    {
        var content = new JsonObject { ["schema"] = schema };
        if (examples is not null) content["examples"] = examples;
        return new() { ["application/json"] = content };
    }
}
