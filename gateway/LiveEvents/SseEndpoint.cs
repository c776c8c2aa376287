using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Errors;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// <c>GET /api/mcp/sse</c>: events as they happen, as <c>text/event-stream</c>. The id of each event is the place that is reached with it in every stream
/// that the listener hears, so that they go on from there at any replica.
/// </summary>
internal sealed class SseEndpoint(EventSubscriptions subscriptions, OpenConnectionLimiter connections) : IEndpoints
{
    private const int FlushThreshold = 64 * 1024;

    /// <summary>Not all at once: when a replica goes down, everybody who listened there comes to the others.</summary>
    private const int MinReconnectMilliseconds = 1000;
    private const int MaxReconnectMilliseconds = 3000;

    public void Map(IEndpointRouteBuilder app) => app.MapGet("/api/mcp/sse", HandleAsync).AcceptTicket().WithMetadata(QueryParametersMetadata.Read);

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
        using var subscriber = new EventSubscriber(caller, http.GetCallerIdentity().Token, hearsAnswers: true) { Resources = resources };
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

    private static async Task StreamEventsAsync(HttpContext http, EventSubscriber listener, StreamSubscription seat)
    {
        var response = http.Response;
        response.StartEventStream();

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, listener.Ended);
        var body = response.BodyWriter;
        try
        {
            // The place comes at once, so that whoever is cut off before their first event can go on too.
            body.Write(Encoding.ASCII.GetBytes($"retry: {Random.Shared.Next(MinReconnectMilliseconds, MaxReconnectMilliseconds)}\n"));
            WriteId(body, seat.Token);
            body.Write("\n"u8);
            await body.FlushAsync(gone.Token);

            await StreamEventsAsync(body, seat, gone.Token);
        }
        catch (OperationCanceledException)
        {
            // They left, or were asked to leave: see below.
        }
        catch (Exception e)
        {
            // Redis went away while what was missed was read: they come back and go on from where they were.
            ErrorResponseWriter.ToApiException(e, http);
        }
        if (listener.EndReason == DisconnectReason.TooSlow) http.Abort();
    }

    /// <summary>Writes what is heard, and sends it as soon as nothing more is there.</summary>
    private static async Task StreamEventsAsync(PipeWriter body, StreamSubscription seat, CancellationToken ct)
    {
        var events = seat.ReadAllAsync(ct).GetAsyncEnumerator(ct);
        var next = Task.FromResult(true);
        try
        {
            while (true)
            {
                next = events.MoveNextAsync().AsTask();
                if (!next.IsCompleted || body.UnflushedBytes > FlushThreshold) await body.FlushAsync(ct);
                if (!await next) return;
                var heard = events.Current;
                seat.Token.Advance(heard);
                if (heard.Event is not { } e) continue;
                WriteId(body, seat.Token);
                body.Write(e.Frame.Span);
            }
        }
        finally
        {
            // An enumerator that still runs, as while sending was cut short, cannot be disposed of.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync();
        }
    }

    private static void WriteId(PipeWriter body, ResumeToken place)
    {
        body.Write("id: "u8);
        body.Advance(place.WriteTo(body.GetSpan(ResumeToken.MaxLength)));
        body.Write("\n"u8);
    }
}
