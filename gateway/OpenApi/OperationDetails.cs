using System.Reflection;
using System.Text.Json.Nodes;
using MedCor.Gateway.Limits;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes an endpoint. It is called when the document is created, with the components that operations share.</summary>
internal delegate OperationDetails OperationDescriber(ComponentRegistry components);

/// <summary>
/// Describes the requests and responses of an endpoint, except for what <see cref="OperationTransformer"/> derives from access control, rate limits and the
/// query.
/// </summary>
internal sealed record OperationDetails
{
    /// <summary>The status codes of errors that services return for tool calls, in addition to the derived ones.</summary>
    public static readonly int[] ToolErrorStatuses = [StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound, StatusCodes.Status409Conflict];

    /// <summary>Gets the schema of the JSON request body; null when the operation takes no body.</summary>
    public JsonObject? Body { get; init; }

    /// <summary>Gets whether the request body is optional.</summary>
    public bool BodyIsOptional { get; init; }

    /// <summary>Gets example request bodies, by name.</summary>
    public Dictionary<string, IOpenApiExample>? BodyExamples { get; init; }

    public OpenApiParameter[] Parameters { get; init; } = [];

    /// <summary>Gets the status code of a successful response.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>Gets the description of a successful response.</summary>
    public string ResponseDescription { get; init; } = "The operation succeeded.";

    /// <summary>Gets the contents of a successful response, by media type.</summary>
    public Dictionary<string, ResponseContent> ResponseContents { get; init; } = [];

    /// <summary>Gets the response headers in addition to those of every response.</summary>
    public string[] ExtraHeaders { get; init; } = [];

    /// <summary>Gets whether a successful response has an ETag. A request whose <c>If-None-Match</c> matches it returns 304.</summary>
    public bool HasETag { get; init; }

    /// <summary>Gets whether the operation accepts an idempotency key, which makes a write safe to retry.</summary>
    public bool AcceptsIdempotencyKey { get; init; }

    /// <summary>Gets whether the service verifies the access token itself, of an endpoint that is public at the gateway.</summary>
    public bool AuthenticatesAtService { get; init; }

    /// <summary>Gets the status codes of error responses in addition to the derived ones.</summary>
    public int[] ErrorStatuses { get; init; } = [];

    /// <summary>Gets error responses that no other operation has.</summary>
    public ErrorResponse[] OwnErrors { get; init; } = [];

    /// <summary>Gets further responses, by status code. Their headers are those of every response.</summary>
    public Dictionary<int, OtherResponse> OtherResponses { get; init; } = [];

    /// <summary>Creates the contents of a response in JSON.</summary>
    public static Dictionary<string, ResponseContent> Json(JsonObject schema, JsonNode? example) =>
        new() { ["application/json"] = new(schema, example, "answer") };

    /// <summary>Creates the contents of a response that is an event stream.</summary>
    /// <param name="data">The schema of each event's data.</param>
    public static Dictionary<string, ResponseContent> EventStream(JsonObject data, string example) =>
        Text("text/event-stream", "Server-sent events. The schema describes the data of each event.", data, example);

    /// <summary>Creates the contents of a response that has a JSON object on each line.</summary>
    /// <param name="line">The schema of each object.</param>
    public static Dictionary<string, ResponseContent> JsonLines(JsonObject line, string example, int maxLength = BufferedBytesLimiter.MaxResponseLength) =>
        Text("application/x-ndjson", "Lines of JSON. The schema describes the object on each line.", line, example, maxLength);

    private static Dictionary<string, ResponseContent> Text(string mediaType, string description, JsonObject part, string example,
        int maxLength = BufferedBytesLimiter.MaxResponseLength) => new()
        {
            [mediaType] = new(
                new JsonObject
                {
                    ["type"] = "string",
                    ["maxLength"] = maxLength,
                    ["pattern"] = SchemaBuilder.NoNulPattern,
                    ["description"] = description,
                    ["contentMediaType"] = "application/json",
                    ["contentSchema"] = part,
                },
                example),
        };

    /// <summary>Creates a query, path or header parameter.</summary>
    public static OpenApiParameter Parameter(ParameterLocation place, string name, string description, JsonObject schema, JsonNode? example = null) => new()
    {
        In = place,
        Name = name,
        Description = description,
        Required = place == ParameterLocation.Path,
        Schema = ComponentRegistry.ToOpenApi(schema, null),
        Example = example,
    };

    /// <summary>Creates an example, with an optional summary.</summary>
    public static IOpenApiExample Example(JsonNode value, string? summary = null) => new OpenApiExample { Summary = summary, Value = value };
}

/// <summary>Describes the content of a response.</summary>
/// <param name="ExampleName">The name of the example; null for an example without a name.</param>
internal sealed record ResponseContent(JsonObject Schema, JsonNode? Example, string? ExampleName = null);

/// <summary>Describes a response other than the successful one and errors.</summary>
internal sealed record OtherResponse(string Description, Dictionary<string, ResponseContent>? Contents = null);

internal static class OperationDetailsExtensions
{
    /// <summary>Describes an endpoint for the OpenAPI document.</summary>
    /// <param name="id">The operation id, unique in the document.</param>
    /// <param name="tag">The tag of the operation: one of <see cref="ApiTags"/>.</param>
    /// <param name="summary">The summary, one line.</param>
    public static IEndpointConventionBuilder Describe(this IEndpointConventionBuilder endpoint, string id, string tag, string summary, string description,
        OperationDescriber details) =>
            endpoint.WithName(id).WithTags(tag).WithSummary(summary).WithDescription(description).WithMetadata(details);

    /// <summary>
    /// Makes endpoints that are request delegates visible to the API explorer, which lists only endpoints whose metadata contains the handler method.
    /// </summary>
    public static RouteGroupBuilder WithApiDescription(this RouteGroupBuilder routes)
    {
        ((IEndpointConventionBuilder)routes).Finally(endpoint =>
        {
            if (endpoint.RequestDelegate is { Method: var handler } && !endpoint.Metadata.Any(m => m is MethodInfo)) endpoint.Metadata.Add(handler);
        });
        return routes;
    }
}
