using System.Text.Json.Nodes;
using MedCor.Gateway.Limits;

namespace MedCor.Gateway.OpenApi;

/// <summary>Represents an OpenAPI operation: one HTTP method of one path.</summary>
/// <param name="Path">The path, without a trailing slash.</param>
/// <param name="Method">The HTTP method, in lower case.</param>
/// <param name="Id">The operation id, unique in the document.</param>
/// <param name="Tag">The tag that the operation is listed under.</param>
/// <param name="Summary">The summary, one line.</param>
/// <param name="Description">The full description.</param>
internal sealed record ApiOperation(string Path, string Method, string Id, string Tag, string Summary, string Description)
{
    /// <summary>Gets the schema of the JSON request body; null when the operation takes no body.</summary>
    public JsonObject? Body { get; init; }

    /// <summary>Gets whether the request body is optional.</summary>
    public bool BodyIsOptional { get; init; }

    /// <summary>Gets example request bodies, by name.</summary>
    public JsonObject? BodyExamples { get; init; }

    public JsonObject[] Parameters { get; init; } = [];

    /// <summary>Gets the status code of a successful response.</summary>
    public string Status { get; init; } = "200";

    /// <summary>Gets the description of a successful response.</summary>
    public string ResponseDescription { get; init; } = "Done.";

    /// <summary>Gets the schema of a JSON response.</summary>
    public JsonObject? ResponseSchema { get; init; }

    public JsonNode? ResponseExample { get; init; }

    /// <summary>Gets the content of a response that is not JSON.</summary>
    public JsonObject? ResponseContent { get; init; }

    /// <summary>Gets the response headers in addition to those that every response carries.</summary>
    public string[] ExtraHeaders { get; init; } = [];

    /// <summary>Gets the status codes of the error responses.</summary>
    public required int[] ErrorStatuses { get; init; }

    /// <summary>Gets further responses, by status code.</summary>
    public JsonObject OtherResponses { get; init; } = [];

    /// <summary>Gets whether the operation needs no authentication.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Gets whether calls count toward the caller's rate limit.</summary>
    public bool IsRateLimited { get; init; } = true;

    /// <summary>The error status codes that every operation can return.</summary>
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

    /// <summary>Creates a query, path or header parameter.</summary>
    public static JsonObject Parameter(string place, string name, string description, JsonObject schema, JsonNode? example = null, bool required = false)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["description"] = description, ["required"] = required, ["schema"] = schema };
        if (example is not null) parameter["example"] = example;
        return parameter;
    }

    /// <summary>Creates the content of a response that is an event stream.</summary>
    /// <param name="data">The schema of each event's data.</param>
    public static JsonObject EventStream(JsonObject data, string example) => new()
    {
        ["text/event-stream"] = new JsonObject
        {
            ["schema"] = new JsonObject
            {
                ["type"] = "string",
                ["maxLength"] = BufferedBytesLimiter.MaxResponseLength,
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
