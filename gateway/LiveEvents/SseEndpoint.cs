using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Errors;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Maps <c>GET /api/mcp/sse</c>: live events as <c>text/event-stream</c>. The id of each event contains the position in every stream that the client is
/// subscribed to, so that the client can resume at any replica.
/// </summary>
internal sealed class SseEndpoint(EventSubscriptions subscriptions, OpenConnectionLimiter connections) : IEndpoints
{
    private const int FlushThreshold = 64 * 1024;

    /// <summary>The delay is random, so that the clients of a stopped replica do not all reconnect to the others at once.</summary>
    private const int MinReconnectMilliseconds = 1000;
    private const int MaxReconnectMilliseconds = 3000;

    public void Map(IEndpointRouteBuilder app) =>
        app.MapGet("/api/mcp/sse", HandleAsync).AcceptTicket().WithMetadata(QueryParametersMetadata.Read).DescribeEventStream();

    private async Task HandleAsync(HttpContext http)
    {
        var caller = http.GetUser();
        var (resources, after) = EventSubscriptions.ReadOptions(http.Request);
        EventSubscriptions.ThrowIfForbidden(caller, resources);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.StartEventStream();
            return;
        }
        using var lease = connections.AcquireStream(caller);
        var identity = http.GetCallerIdentity();
        using var subscriber = new EventSubscriber(caller, identity.Token, receivesToolResponses: true, identity.ApiKey) { Resources = resources };
        var subscription = await subscriptions.SubscribeAsync(subscriber, after);
        try
        {
            subscriptions.Monitor(subscriber);
            await StreamEventsAsync(http, subscriber, subscription);
        }
        finally
        {
            subscriptions.Remove(subscriber);
        }
    }

    private static async Task StreamEventsAsync(HttpContext http, EventSubscriber subscriber, StreamSubscription subscription)
    {
        var response = http.Response;
        response.StartEventStream();

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, subscriber.Ended);
        var body = response.BodyWriter;
        try
        {
            // The position is sent immediately, so that a client that is disconnected before its first event can resume as well.
            body.Write(Encoding.ASCII.GetBytes($"retry: {Random.Shared.Next(MinReconnectMilliseconds, MaxReconnectMilliseconds)}\n"));
            WriteId(body, subscription.Token);
            body.Write("\n"u8);
            await body.FlushAsync(ended.Token);

            await StreamEventsAsync(body, subscription, ended.Token);
        }
        catch (OperationCanceledException)
        {
            // The client disconnected, or the subscription was ended: see below.
        }
        catch (Exception e)
        {
            // Redis became unavailable while missed events were read: the client can reconnect and resume from its position.
            ErrorResponseWriter.ToApiException(e, http);
        }
        if (subscriber.EndReason == DisconnectReason.TooSlow) http.Abort();
    }

    /// <summary>Writes events, and flushes them as soon as no further event is available.</summary>
    private static async Task StreamEventsAsync(PipeWriter body, StreamSubscription subscription, CancellationToken ct)
    {
        var events = subscription.ReadAllAsync(ct).GetAsyncEnumerator(ct);
        var next = Task.FromResult(true);
        try
        {
            while (true)
            {
                next = events.MoveNextAsync().AsTask();
                if (!next.IsCompleted || body.UnflushedBytes > FlushThreshold) await body.FlushAsync(ct);
                if (!await next) return;
                var item = events.Current;
                subscription.Token.Advance(item);
                if (item.Event is not { } e) continue;
                WriteId(body, subscription.Token);
                body.Write(e.Frame.Span);
            }
        }
        finally
        {
            // An enumerator cannot be disposed of while MoveNextAsync runs, as when a flush was canceled.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync();
        }
    }

    private static void WriteId(PipeWriter body, ResumeToken position)
    {
        body.Write("id: "u8);
        body.Advance(position.WriteTo(body.GetSpan(ResumeToken.MaxLength)));
        body.Write("\n"u8);
    }
}
