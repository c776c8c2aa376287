using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Mcp.Conformance;

/// <summary>Lists and reads the resources that the suite asks for, and takes subscriptions to them. They never change.</summary>
internal static class FixtureResources
{
    private const string StaticText = "test://static-text", StaticBinary = "test://static-binary", Watched = "test://watched-resource";
    private const string TemplateStart = "test://template/", TemplateEnd = "/data", JsonType = "application/json";

    /// <summary>The first version of the protocol without a handshake.</summary>
    private const string FirstModernVersion = "2026-07-28";

    public static ValueTask<ListResourcesResult> ListAsync(RequestContext<ListResourcesRequestParams> request, CancellationToken ct) =>
        new(new ListResourcesResult
        {
            Resources =
            [
                new() { Uri = StaticText, Name = "static-text", MimeType = FixtureContent.TextType },
                new() { Uri = StaticBinary, Name = "static-binary", MimeType = FixtureContent.ImageType },
                new() { Uri = Watched, Name = "watched-resource", MimeType = FixtureContent.TextType },
            ],
            TimeToLive = FixtureContent.Lifetime,
            CacheScope = CacheScope.Private,
        });

    public static ValueTask<ListResourceTemplatesResult> ListTemplatesAsync(RequestContext<ListResourceTemplatesRequestParams> request, CancellationToken ct) =>
        new(new ListResourceTemplatesResult
        {
            ResourceTemplates = [new() { UriTemplate = $"{TemplateStart}{{id}}{TemplateEnd}", Name = "template", MimeType = JsonType }],
            TimeToLive = FixtureContent.Lifetime,
            CacheScope = CacheScope.Private,
        });

    public static ValueTask<ReadResourceResult> ReadAsync(RequestContext<ReadResourceRequestParams> request, CancellationToken ct)
    {
        var uri = request.Params!.Uri;
        ResourceContents content = uri switch
        {
            StaticText or Watched => new TextResourceContents
            {
                Uri = uri, MimeType = FixtureContent.TextType, Text = "This is the content of the static text resource.",
            },
            StaticBinary => BlobResourceContents.FromBytes(FixtureContent.Image, uri, FixtureContent.ImageType),
            _ when uri.StartsWith(TemplateStart, StringComparison.Ordinal) && uri.EndsWith(TemplateEnd, StringComparison.Ordinal)
                && uri.Length > TemplateStart.Length + TemplateEnd.Length => CreateFromTemplate(uri, uri[TemplateStart.Length..^TemplateEnd.Length]),
            _ => throw NotFound(request, uri),
        };
        return new(new ReadResourceResult { Contents = [content], TimeToLive = TimeSpan.Zero, CacheScope = CacheScope.Private });
    }

    /// <summary>Returns when the client disconnects.</summary>
    public static async ValueTask<EmptyResult> ListenAsync(RequestContext<SubscriptionsListenRequestParams> request, CancellationToken ct)
    {
        var watched = request.Params!.Notifications.ResourceSubscriptions ?? [];
        await request.Server.SendMessageAsync(new JsonRpcNotification
        {
            Method = NotificationMethods.SubscriptionsAcknowledgedNotification,
            Params = new JsonObject
            {
                ["notifications"] = watched.Count == 0
                    ? []
                    : new JsonObject { ["resourceSubscriptions"] = new JsonArray([.. watched.Select(uri => (JsonNode)uri)]) },
                ["_meta"] = new JsonObject
                {
                    ["io.modelcontextprotocol/subscriptionId"] = request.JsonRpcRequest.Id.Id is long number ? number : request.JsonRpcRequest.Id.ToString(),
                },
            },
        }, ct);
        await new TaskCompletionSource().Task.WaitAsync(ct);
        return new();
    }

    private static TextResourceContents CreateFromTemplate(string uri, string id) => new()
    {
        Uri = uri,
        MimeType = JsonType,
        Text = new JsonObject { ["id"] = id, ["templateTest"] = true, ["data"] = $"Data for ID: {id}" }.ToJsonString(),
    };

    private static McpProtocolException NotFound(RequestContext<ReadResourceRequestParams> request, string uri)
    {
        var isModern = string.CompareOrdinal(request.JsonRpcRequest.Context?.ProtocolVersion, FirstModernVersion) >= 0;
        return new($"There is no such resource: {uri}", isModern ? McpErrorCode.InvalidParams : McpErrorCode.ResourceNotFound) { Data = { ["uri"] = uri } };
    }
}
