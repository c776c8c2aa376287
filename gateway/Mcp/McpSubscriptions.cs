using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.Limits;
using MedCor.Gateway.LiveEvents;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Notifies clients that a resource has changed, on the response of the request with which they subscribe. A client is notified of what its user would receive
/// as live events, without the content.
/// </summary>
internal sealed class McpSubscriptions(EventSubscriptions subscriptions, OpenConnectionLimiter connections, TimeProvider clock)
{
    /// <summary>The maximum number of resources of one subscription.</summary>
    private const int MaxUris = 100;

    /// <summary>The maximum number of events that are read before the client is notified of the changes among them.</summary>
    private const int MaxEventsAtOnce = 256;

    /// <summary>The time within which a client is notified of a resource at most once.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private const string SubscriptionIdMember = "io.modelcontextprotocol/subscriptionId";

    /// <summary>Returns when the client disconnects or its authorization ends.</summary>
    /// <exception cref="McpProtocolException">The subscription is too large, is one too many, or cannot begin now.</exception>
    public async ValueTask<EmptyResult> ListenAsync(RequestContext<SubscriptionsListenRequestParams> request, CancellationToken ct)
    {
        var mcp = McpRequest.Of(request.User);
        try
        {
            await FollowAsync(request, mcp, ct);
            return new() { Meta = CreateMeta(request) };
        }
        catch (Exception e) when (e is not (OperationCanceledException or McpException) && !ct.IsCancellationRequested)
        {
            throw McpFilters.ToProtocolError(e, mcp.Http);
        }
    }

    private async Task FollowAsync(RequestContext<SubscriptionsListenRequestParams> request, McpRequest mcp, CancellationToken ct)
    {
        var caller = mcp.Context.Caller;
        var requested = request.Params!.Notifications.ResourceSubscriptions ?? [];
        if (requested.Count > MaxUris) throw new McpProtocolException($"A subscription has at most {MaxUris} resources.", McpErrorCode.InvalidParams);
        // An address at which there is nothing for the caller is accepted, so that the answer does not tell whether something exists.
        var watched = requested.Distinct().Where(uri => uri.StartsWith(ResourceUri.Scheme, StringComparison.Ordinal)).ToArray();
        var byResource = watched.Select(uri => (Uri: uri, Parsed: ResourceUri.TryParse(uri, caller))).Where(w => w.Parsed is not null)
            .ToLookup(w => w.Parsed!.Resource.Name, w => (w.Uri, Id: w.Parsed!.Path.Trim('/')));

        using var lease = connections.AcquireSubscription(caller);
        var identity = mcp.Http.GetCallerIdentity();
        using var subscriber = new EventSubscriber(caller, identity.Token, receivesToolResponses: false, identity.ApiKey ?? McpTokens.GetToken(mcp.Http))
        {
            Resources = [.. byResource.Select(resource => resource.Key).Where(LiveResources.All.ContainsKey)],
        };
        var subscription = await subscriptions.SubscribeAsync(subscriber, resumeAfter: null);
        try
        {
            subscriptions.Monitor(subscriber);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct, subscriber.Ended);
            await SendAsync(request, NotificationMethods.SubscriptionsAcknowledgedNotification, new JsonObject
            {
                ["notifications"] = watched.Length == 0
                    ? []
                    : new JsonObject { ["resourceSubscriptions"] = new JsonArray([.. watched.Select(uri => (JsonNode)uri)]) },
            }, ct);
            await NotifyChangesAsync(request, subscription, byResource, ended.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The authorization has ended, or this process stops.
        }
        finally
        {
            subscriptions.Remove(subscriber);
        }
    }

    private async Task NotifyChangesAsync(RequestContext<SubscriptionsListenRequestParams> request, StreamSubscription subscription,
        ILookup<string, (string Uri, string Id)> byResource, CancellationToken ct)
    {
        var (changed, read) = (new HashSet<string>(), 0);
        var events = subscription.ReadAllAsync(ct).GetAsyncEnumerator(ct);
        var next = Task.FromResult(true);
        try
        {
            while (true)
            {
                next = events.MoveNextAsync().AsTask();
                if (changed.Count > 0 && (!next.IsCompleted || ++read > MaxEventsAtOnce))
                {
                    foreach (var uri in changed) await SendAsync(request, NotificationMethods.ResourceUpdatedNotification, new() { ["uri"] = uri }, ct);
                    changed.Clear();
                    read = 0;
                    using var pause = new PeriodicTimer(Interval, clock);
                    await pause.WaitForNextTickAsync(ct);
                }
                if (!await next) return;
                if (events.Current.Event is { } current) changed.UnionWith(FindChanged(current, byResource));
            }
        }
        finally
        {
            // An enumerator cannot be disposed of while MoveNextAsync runs.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync();
        }
    }

    /// <summary>Returns the addresses of the watched resources that an event changes.</summary>
    /// <param name="byResource">The watched addresses, with the ID of an entity or an empty one, by the name of the resource.</param>
    internal static IEnumerable<string> FindChanged(LiveEvent liveEvent, ILookup<string, (string Uri, string Id)> byResource) => liveEvent.Name switch
    {
        LiveEvent.ResourceUpdateEvent => byResource[liveEvent.Resource].Where(w => w.Id.Length == 0 || w.Id == GetId(liveEvent)).Select(w => w.Uri),
        // Events may have been missed: anything may have changed.
        LiveEvent.ErrorEvent => byResource.SelectMany(watched => watched).Select(w => w.Uri),
        _ => [],
    };

    private static string? GetId(LiveEvent update)
    {
        using var document = JsonDocument.Parse(update.Data);
        return document.RootElement.GetProperty("data").TryGetProperty("id", out var id) ? id.GetString() : null;
    }

    /// <summary>Sends a notification that names its subscription, on the response of the request.</summary>
    private static Task SendAsync(RequestContext<SubscriptionsListenRequestParams> request, string method, JsonObject parameters, CancellationToken ct)
    {
        parameters["_meta"] = CreateMeta(request);
        return request.Server.SendMessageAsync(new JsonRpcNotification { Method = method, Params = parameters }, ct);
    }

    private static JsonObject CreateMeta(RequestContext<SubscriptionsListenRequestParams> request) => new()
    {
        [SubscriptionIdMember] = request.JsonRpcRequest.Id.Id is long number ? number : request.JsonRpcRequest.Id.ToString(),
    };
}
