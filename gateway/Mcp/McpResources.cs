using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.LanguageModels;
using MedCor.Gateway.Endpoints;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Gateway.Mcp;

/// <summary>Lists and reads the resources of REST.</summary>
internal sealed class McpResources(ResourceReader reader, IOptions<McpOptions> options)
{
    private const string MediaType = "application/json";

    private static readonly FrozenDictionary<Callers, IList<Resource>> Lists = ForEachKind(r => (Resource[])[new()
    {
        Uri = ResourceUri.Of(r), Name = r.Name, Title = GetTitle(r.Name), Description = r.Description, MimeType = MediaType,
    }]);

    private static readonly FrozenDictionary<Callers, IList<ResourceTemplate>> Templates = ForEachKind(r => (ResourceTemplate[])(r.IsList
        ?
        [
            new()
            {
                UriTemplate = ResourceUri.Of(r) + "/{id}", Name = $"{r.Name}_by_id", Title = $"{GetTitle(r.Name)}: one by its ID", MimeType = MediaType,
                Description = r.Description,
            },
            new()
            {
                UriTemplate = ResourceUri.Of(r) + "{?page,limit,sort,filter,fields,expand}", Name = $"{r.Name}_page", Title = $"{GetTitle(r.Name)}: a page",
                MimeType = MediaType, Description = $"{r.Description} The parameters are those of GET {ReadResourceEndpoints.BasePath}/{r.Name}.",
            },
        ]
        : []));

    public static ValueTask<ListResourcesResult> ListAsync(RequestContext<ListResourcesRequestParams> request, CancellationToken ct)
    {
        McpTools.RefuseCursor(request.Params?.Cursor);
        return new(new ListResourcesResult
        {
            Resources = Lists[McpRequest.Of(request.User).Context.Caller.Kind], TimeToLive = McpTools.ListLifetime, CacheScope = CacheScope.Private,
        });
    }

    public static ValueTask<ListResourceTemplatesResult> ListTemplatesAsync(RequestContext<ListResourceTemplatesRequestParams> request, CancellationToken ct)
    {
        McpTools.RefuseCursor(request.Params?.Cursor);
        return new(new ListResourceTemplatesResult
        {
            ResourceTemplates = Templates[McpRequest.Of(request.User).Context.Caller.Kind], TimeToLive = McpTools.ListLifetime, CacheScope = CacheScope.Private,
        });
    }

    public async ValueTask<ReadResourceResult> ReadAsync(RequestContext<ReadResourceRequestParams> request, CancellationToken ct)
    {
        var mcp = McpRequest.Of(request.User);
        var text = request.Params!.Uri;
        if (ResourceUri.TryParse(text, mcp.Context.Caller) is not { } uri) throw NotFound(request, text);
        mcp.Http.SetToolTag(uri.Resource.Name);
        try
        {
            using var content = await reader.ReadAsync(mcp.Context, uri.Resource, uri.Path, uri.Query, ct);
            // An entity that the caller may not read is answered as one that does not exist.
            if (content.Response.Status == StatusCodes.Status404NotFound || content.Response.Status == StatusCodes.Status403Forbidden && uri.Path.Length > 0)
                throw NotFound(request, text);
            if (content.Response.Status != StatusCodes.Status200OK)
                throw ToProtocolError(JsonSerializer.Deserialize<ErrorEnvelope>(content.Response.Body.Span, Json.Options)!.Error);
            if (content.Body.Length > options.Value.ResultLimit)
                throw new McpProtocolException(
                    $"The resource has {content.Body.Length} bytes, more than the {options.Value.ResultLimit} that a model should read at once. "
                    + "Ask for less by limit, fields or filter.", McpErrorCode.InvalidParams);
            return new()
            {
                Contents = [new TextResourceContents { Uri = text, MimeType = MediaType, Text = ModelText.Clean(Encoding.UTF8.GetString(content.Body)) }],
                TimeToLive = TimeSpan.Zero,
                CacheScope = CacheScope.Private,
            };
        }
        catch (Exception e) when (e is not (OperationCanceledException or McpException))
        {
            var error = ErrorResponseWriter.ToApiException(e, mcp.Http);
            throw new McpProtocolException(error.Message, error.Status < 500 ? McpErrorCode.InvalidParams : McpErrorCode.InternalError);
        }
    }

    /// <summary>The same for what does not exist, for what belongs to others and for what is no address.</summary>
    private static McpProtocolException NotFound(RequestContext<ReadResourceRequestParams> request, string uri)
    {
        var isModern = string.CompareOrdinal(request.JsonRpcRequest.Context?.ProtocolVersion, ConfirmationRequests.FirstVersion) >= 0;
        return new($"There is no such resource: {uri}", isModern ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound) { Data = { ["uri"] = uri } };
    }

    private static McpProtocolException ToProtocolError(Problem error) =>
        new($"{error.Code}: {error.Message}", error.Code == ErrorCodes.ServerError ? McpErrorCode.InternalError : McpErrorCode.InvalidParams);

    private static string GetTitle(string name) => McpToolCatalogue.GetTitle(name.Replace('/', ' '));

    private static FrozenDictionary<Callers, IList<T>> ForEachKind<T>(Func<ResourceDescriptor, T[]> describe) =>
        CallerKinds.All.Select(k => k.Value).Append(Callers.None).ToFrozenDictionary(
            kind => kind, kind => (IList<T>)[.. ResourceCatalogue.All.Values.Where(r => (r.Callers & kind) != 0).SelectMany(describe)]);
}
