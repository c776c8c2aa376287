using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the error responses of an endpoint that writes errors in a format of its own.</summary>
internal interface IErrorFormatMetadata
{
    /// <summary>Describes the responses to errors with the given status codes, which the format may translate into others.</summary>
    IEnumerable<KeyValuePair<string, IOpenApiResponse>> Describe(IReadOnlySet<int> statuses, OpenApiDocument document);
}

/// <summary>
/// Completes each operation from the metadata of its endpoint: its <see cref="OperationDetails"/>, and the metadata by which the gateway handles requests.
/// </summary>
/// <remarks>
/// Access control implies 401; rate limiting 429 and 503; a request body 400, 408, 413 and 415; a validated query 400. Every endpoint can return 500. The
/// document therefore always agrees with how the gateway handles requests.
/// </remarks>
internal sealed class OperationTransformer(ComponentRegistry components) : IOpenApiOperationTransformer
{
    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = new EndpointMetadataCollection(context.Description.ActionDescriptor.EndpointMetadata);
        // ToolDocumentTransformer replaces the endpoint that calls any tool by its path with one operation per tool.
        if (metadata.GetMetadata<OperationDescriber>() is { } describe) Complete(operation, describe(components), metadata, context.Document!);
        return Task.CompletedTask;
    }

    /// <summary>Completes an operation.</summary>
    /// <param name="metadata">The metadata of the endpoint that serves it.</param>
    public void Complete(OpenApiOperation operation, OperationDetails details, EndpointMetadataCollection metadata, OpenApiDocument document)
    {
        var anonymous = metadata.GetMetadata<IAllowAnonymous>();
        if (anonymous is not null and not OptionalAuthenticationMetadata && !details.AuthenticatesAtService) operation.Security = [];

        OpenApiParameter[] parameters =
        [
            .. details.AcceptsIdempotencyKey ? [IdempotencyKeyParameter()] : (OpenApiParameter[])[],
            .. details.Parameters,
            .. metadata.GetMetadata<AcceptsTicketMetadata>() is null ? (OpenApiParameter[])[] : [TicketParameter()],
            .. details.HasETag ? [IfNoneMatchParameter()] : (OpenApiParameter[])[],
        ];
        operation.Parameters = parameters.Length == 0 ? null : [.. parameters];
        operation.RequestBody = details.Body is null ? null : new OpenApiRequestBody
        {
            Required = !details.BodyIsOptional,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new() { Schema = ComponentRegistry.ToOpenApi(details.Body, document), Examples = details.BodyExamples }
            },
        };

        string[] headers = [.. IsCounted(metadata) ? ResponseHeaders.Common : ResponseHeaders.Uncounted];
        string[] replayed = details.AcceptsIdempotencyKey ? [ResponseHeaders.Replayed] : [];
        string[] etag = details.HasETag ? [ResponseHeaders.ETag] : [];
        operation.Responses = new()
        {
            [$"{details.Status}"] = Response(details.ResponseDescription, [.. headers, .. replayed, .. details.ExtraHeaders, .. etag], details.ResponseContents,
                document)
        };
        if (details.HasETag)
            operation.Responses["304"] = Response("The response has not changed since the version in `If-None-Match`.", [.. headers, .. etag], [], document);
        foreach (var (status, other) in details.OtherResponses)
            operation.Responses[$"{status}"] = Response(other.Description, headers, other.Contents ?? [], document);
        foreach (var (status, error) in DescribeErrors(details, metadata, document)) operation.Responses.TryAdd(status, error);
    }

    private IEnumerable<KeyValuePair<string, IOpenApiResponse>> DescribeErrors(OperationDetails details, EndpointMetadataCollection metadata,
        OpenApiDocument document)
    {
        var statuses = GetErrorStatuses(details, metadata);
        return metadata.GetMetadata<IErrorFormatMetadata>() is { } format
            ? format.Describe(statuses, document)
            : ErrorResponse.All.Where(e => statuses.Contains(e.Status)).Concat(details.OwnErrors)
                .Select(e => KeyValuePair.Create($"{e.Status}", components.Reference(e, document)));
    }

    private static HashSet<int> GetErrorStatuses(OperationDetails details, EndpointMetadataCollection metadata)
    {
        HashSet<int> statuses = [.. details.ErrorStatuses, StatusCodes.Status500InternalServerError];
        var anonymous = metadata.GetMetadata<IAllowAnonymous>();
        if (anonymous is null or OptionalAuthenticationMetadata) statuses.Add(StatusCodes.Status401Unauthorized);
        if (IsCounted(metadata)) statuses.UnionWith([StatusCodes.Status429TooManyRequests, StatusCodes.Status503ServiceUnavailable]);
        // A public endpoint without query metadata ignores its query.
        if (anonymous is null || metadata.GetMetadata<QueryParametersMetadata>() is not null) statuses.Add(StatusCodes.Status400BadRequest);
        if (details.Body is not null)
            statuses.UnionWith([StatusCodes.Status400BadRequest, StatusCodes.Status408RequestTimeout, StatusCodes.Status413PayloadTooLarge,
                StatusCodes.Status415UnsupportedMediaType]);
        return statuses;
    }

    private static bool IsCounted(EndpointMetadataCollection metadata) =>
        metadata.GetMetadata<IAllowAnonymous>() is null || metadata.GetMetadata<RateLimitPolicyMetadata>() is not null;

    private static OpenApiResponse Response(string description, string[] headers, Dictionary<string, ResponseContent> contents, OpenApiDocument document) =>
        new()
        {
            Description = description,
            Headers = ResponseHeaders.Reference(headers, document),
            Content = contents.ToDictionary(c => c.Key, c => new OpenApiMediaType
            {
                Schema = ComponentRegistry.ToOpenApi(c.Value.Schema, document),
                Example = c.Value.ExampleName is null ? c.Value.Example : null,
                Examples = c.Value is { ExampleName: { } name, Example: { } example }
                    ? new Dictionary<string, IOpenApiExample> { [name] = OperationDetails.Example(example) }
                    : null,
            }),
        };

    private static OpenApiParameter IdempotencyKeyParameter() => OperationDetails.Parameter(ParameterLocation.Header, IdempotencyKey.Header,
        "Makes a write safe to retry for 24 hours. A request with the same key and the same parameters is executed once, and a retry returns the first "
        + "response. A request with the same key and other parameters, including passwords, returns CONFLICT. A key applies to one user and one tool: the "
        + "same key with another tool is a separate write. Use a new UUID for each write.",
        new() { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = IdempotencyKey.MaxLength, ["pattern"] = "^[ -~]+$" });

    private static OpenApiParameter IfNoneMatchParameter() =>
        OperationDetails.Parameter(ParameterLocation.Header, "If-None-Match",
            "The ETag of the version that you have. Returns 304 if it is still current.", SchemaBuilder.Text(200));

    private static OpenApiParameter TicketParameter() => OperationDetails.Parameter(ParameterLocation.Query, TicketHandler.Parameter,
        "A ticket that replaces the Authorization header. It is valid once and for one minute.",
        new() { ["type"] = "string", ["minLength"] = 64, ["maxLength"] = 64, ["pattern"] = "^[A-Za-z0-9_-]{64}$" });
}
