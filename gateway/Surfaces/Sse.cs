using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MedCor.Gateway.Events;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>GET /api/mcp/sse</c>: events as they happen, as <c>text/event-stream</c>. The id of each event is the place that is reached with it in every stream
/// that the listener hears, so that they go on from there at any replica.
/// </summary>
internal static class Sse
{
    private const int FlushAt = 64 * 1024;

    /// <summary>Not all at once: when a replica goes down, everybody who listened there comes to the others.</summary>
    private const int ReconnectAfterAtLeast = 1000;
    private const int ReconnectAfterAtMost = 3000;

    public static void MapSse(this IEndpointRouteBuilder app)
    {
        var (listeners, standing) = (app.ServiceProvider.GetRequiredService<Listeners>(), app.ServiceProvider.GetRequiredService<Standing>());
        app.MapGet("/api/mcp/sse", async http =>
        {
            var (caller, token) = await listeners.Admit(http);
            var (resources, after) = Listeners.Wishes(http.Request);
            Listeners.Permit(caller, resources);
            if (HttpMethods.IsHead(http.Request.Method))
            {
                http.Response.BeginEvents();
                return;
            }
            using var place = standing.Stream(caller);
            using var listener = new Listener(caller, token, hearsAnswers: true) { Resources = resources };
            var seat = await listeners.Sit(listener, after);
            try
            {
                listeners.Attend(listener);
                await Tell(http, listener, seat);
            }
            finally
            {
                listeners.Leave(listener);
            }
        }).WithMetadata(QueryParameters.Read);
    }

    private static async Task Tell(HttpContext http, Listener listener, Seat seat)
    {
        var response = http.Response;
        response.BeginEvents();

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, listener.Ended);
        var body = response.BodyWriter;
        try
        {
            // The place comes at once, so that whoever is cut off before their first event can go on too.
            body.Write(Encoding.ASCII.GetBytes($"retry: {Random.Shared.Next(ReconnectAfterAtLeast, ReconnectAfterAtMost)}\n"));
            WriteId(body, seat.Place);
            body.Write("\n"u8);
            await body.FlushAsync(gone.Token);

            await Tell(body, seat, gone.Token);
        }
        catch (OperationCanceledException)
        {
            // They left, or were asked to leave: see below.
        }
        catch (Exception e)
        {
            // Redis went away while what was missed was read: they come back and go on from where they were.
            ProblemWriter.AsRefusal(e, http);
        }
        if (listener.Ending == Ending.TooSlow) http.Abort();
    }

    /// <summary>Writes what is heard, and sends it as soon as nothing more is there.</summary>
    private static async Task Tell(PipeWriter body, Seat seat, CancellationToken ct)
    {
        var events = seat.Events(ct).GetAsyncEnumerator(ct);
        var next = Task.FromResult(true);
        try
        {
            while (true)
            {
                next = events.MoveNextAsync().AsTask();
                if (!next.IsCompleted || body.UnflushedBytes > FlushAt) await body.FlushAsync(ct);
                if (!await next) return;
                var heard = events.Current;
                seat.Place.Reach(heard);
                if (heard.Event is not { } e) continue;
                WriteId(body, seat.Place);
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

    private static void WriteId(PipeWriter body, Place place)
    {
        body.Write("id: "u8);
        body.Advance(place.WriteTo(body.GetSpan(Place.Longest)));
        body.Write("\n"u8);
    }
}
