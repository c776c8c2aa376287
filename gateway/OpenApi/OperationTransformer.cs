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
/// Completes each operation from the metadata of its endpoint: its <see cref="OperationDetails"/>, and what follows from how the gateway treats the endpoint.
/// </summary>
/// <remarks>
/// Access control documents 401, a counted endpoint 429 and 503, a request body 408, 413 and 415, and what can be wrong with a request 400. Every endpoint can
/// fail with 500. So a document cannot say anything else than the metadata by which the gateway handles requests.
/// </remarks>
internal sealed class OperationTransformer(ComponentRegistry components) : IOpenApiOperationTransformer
{
    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = new EndpointMetadataCollection(context.Description.ActionDescriptor.EndpointMetadata);
        // The endpoint that calls any tool by its path is described tool by tool: see ToolDocumentTransformer.
        if (metadata.GetMetadata<OperationDescriber>() is { } describe) Complete(operation, describe(components), metadata, context.Document!);
        return Task.CompletedTask;
    }

    /// <summary>Completes an operation.</summary>
    /// <param name="metadata">The metadata of the endpoint that serves it.</param>
    public void Complete(OpenApiOperation operation, OperationDetails details, EndpointMetadataCollection metadata, OpenApiDocument document)
    {
        var anonymous = metadata.GetMetadata<IAllowAnonymous>();
        if (anonymous is not null and not OptionalAuthenticationMetadata) operation.Security = [];

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
        if (details.HasETag) operation.Responses["304"] = Response("What you have still holds.", [.. headers, .. etag], [], document);
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
        // A public endpoint that declares nothing ignores its query.
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
        "Makes a write safe to repeat for 24 hours: with the same key and the same parameters it happens once, and a repetition gets the first answer; with "
        + "other parameters, a password among them, it is a CONFLICT. The key belongs to you and to the tool: with another tool it is another write. A new "
        + "UUID for each write is a good one.",
        new() { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = IdempotencyKey.MaxLength, ["pattern"] = "^[ -~]+$" });

    private static OpenApiParameter IfNoneMatchParameter() =>
        OperationDetails.Parameter(ParameterLocation.Header, "If-None-Match", "The ETag of what you have: if it still holds, the answer is 304.",
            SchemaBuilder.Text(200));

    private static OpenApiParameter TicketParameter() => OperationDetails.Parameter(ParameterLocation.Query, TicketHandler.Parameter,
        "In the place of the Authorization header: a ticket, which is good once and for a minute.",
        new() { ["type"] = "string", ["minLength"] = 64, ["maxLength"] = 64, ["pattern"] = "^[A-Za-z0-9_-]{64}$" });
}
