using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>GET /api/mcp/sse</c>: events as they happen, as <c>text/event-stream</c>. The id of each event is the place that is reached with it in every stream
/// that the listener hears, so that any replica could go on from there; that it does (Last-Event-ID) is still to come.
/// </summary>
internal static class Sse
{
    private const int FlushAt = 64 * 1024;
    private const int ReconnectAfterMilliseconds = 2000;

    /// <summary>What can be narrowed to.</summary>
    public static readonly HashSet<string> Resources =
    [
        "hospitals", "users", "doctors", "patients", "appointments", "medical_records", "treatments", "specialties", "schedules",
        "subscription_plans", "subscriptions", "invoices", "departments", "audit_events", "confirmations", "triage",
    ];

    public static void MapSse(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, check) = (services.GetRequiredService<Entrance>(), services.GetRequiredService<TokenCheck>());
        var (tickets, tailer) = (services.GetRequiredService<Tickets>(), services.GetRequiredService<Tailer>());
        app.MapGet("/api/mcp/sse", async http =>
        {
            var caller = await entrance.Admit(http, h => Who(h, check, tickets));
            using var listener = new Listener(caller, Narrowing(http.Request.Query));
            using var seat = await tailer.Seat(listener);
            await Tell(http, listener, seat);
        });
    }

    private static async ValueTask<Caller> Who(HttpContext http, TokenCheck check, Tickets tickets)
    {
        if (!http.Request.Query.TryGetValue("ticket", out var ticket)) return await check.Require(http);
        return await check.Check(await tickets.Redeem(ticket.ToString()), http.RequestAborted);
    }

    private static HashSet<string>? Narrowing(IQueryCollection query)
    {
        var mistakes = new Dictionary<string, List<string>>();
        foreach (var name in query.Keys.Where(n => n is not ("ticket" or "resources")))
            mistakes[name] = ["is not a parameter; there are resources and ticket. A token is never accepted in an address"];

        HashSet<string>? wanted = null;
        if (query.TryGetValue("resources", out var lists))
        {
            wanted = [.. lists.SelectMany(l => l!.Split(',', StringSplitOptions.TrimEntries))];
            if (wanted.Except(Resources).ToArray() is { Length: > 0 } unknown)
                mistakes["resources"] = [$"does not know {string.Join(", ", unknown)}; there are {string.Join(", ", Resources)}"];
        }
        return mistakes.Count == 0 ? wanted : throw new Invalid(mistakes);
    }

    private static async Task Tell(HttpContext http, Listener listener, Seat seat)
    {
        var response = http.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, listener.Ended);
        var body = response.BodyWriter;
        var place = new Place(seat.Tails[0].Position, seat.Tails.Length > 1 ? seat.Tails[1].Position : null);
        try
        {
            // The place comes at once, so that whoever is cut off before their first event can go on too.
            body.Write(Encoding.ASCII.GetBytes($"retry: {ReconnectAfterMilliseconds}\n"));
            place.WriteTo(body);
            body.Write("\n"u8);
            await body.FlushAsync(gone.Token);

            while (await listener.Events.WaitToReadAsync(gone.Token))
            {
                while (listener.Events.TryRead(out var heard))
                {
                    place.Reach(heard);
                    place.WriteTo(body);
                    body.Write(heard.Event.Frame.Span);
                    if (body.UnflushedBytes > FlushAt) await body.FlushAsync(gone.Token);
                }
                await body.FlushAsync(gone.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // They left, or were asked to leave: see below.
        }
        if (listener.Ending == Ending.TooSlow) http.Abort();
    }

    /// <summary>The places that a listener has reached: in their own stream and, unless that holds everything, in the one that all share.</summary>
    private sealed class Place(StreamId own, StreamId? shared)
    {
        public void Reach(in Heard heard)
        {
            if (heard.Own > own) own = heard.Own;
            if (heard.Shared > shared) shared = heard.Shared;
        }

        public void WriteTo(PipeWriter body)
        {
            Span<byte> line = body.GetSpan(128);
            var written = shared is { } other
                ? System.Text.Unicode.Utf8.TryWrite(line, $"id: {own.Milliseconds}-{own.Number}.{other.Milliseconds}-{other.Number}\n", out var length)
                : System.Text.Unicode.Utf8.TryWrite(line, $"id: {own.Milliseconds}-{own.Number}\n", out length);
            if (!written) throw new InvalidOperationException("An id is longer than two places can be.");
            body.Advance(length);
        }
    }
}
