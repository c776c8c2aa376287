using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.Chat;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Telemetry;
using MedCor.ServiceDefaults.Tools;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>/mcp/*</c>: chat with the model. The Chat service begins calls and ends them; their events are read from Redis here, so that a reader does not depend on the replica
/// that carries the call out.
/// </summary>
internal sealed class Chats(Entrance entrance, ChatCallers callers, Tickets tickets, Passage passage, CallStreams streams, CallTails tails, Standing standing, Revocations revocations, IOptions<ChatOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    private const string Calls = "http://chat/chat/calls";
    private const string LastEventId = "Last-Event-ID";
    private const int FramesAtOnce = 256;

    /// <summary>Proxies cut connections on which nothing comes for a minute.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);

    /// <summary>How long a reader of a call that has failed waits for Chat, which may know better.</summary>
    private static readonly TimeSpan KeptPatience = TimeSpan.FromSeconds(2);

    /// <summary>Most answers end by themselves while a gateway that is to stop waits.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(15);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/mcp/manifest", async http =>
        {
            await Admit(http);
            await http.Response.WriteAsJsonAsync(Manifest.Present, Json.Options, http.RequestAborted);
        });
        app.MapPost("/mcp/execute", async http =>
        {
            await Admit(http);
            using var body = await RequestBody.ReadJson(http);
            using var request = new HttpRequestMessage(HttpMethod.Post, Calls) { Content = new JsonBytes(body.Bytes) };
            if (IdempotencyKey.Of(http.Request) is { } key) request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, key);
            await Pass(http, "openai_chat", request);
        });
        app.MapGet("/mcp/stream/{call_id}", Stream).WithMetadata(QueryParameters.Read);
        app.MapPost("/mcp/cancel/{call_id}", async http =>
        {
            await Admit(http);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Calls}/{CallOf(http)}/cancel");
            await Pass(http, "cancel_call", request);
        });
        app.MapPost("/mcp/cancel_all", async http =>
        {
            await Admit(http);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{Calls}/cancel");
            await Pass(http, "cancel_calls", request);
        });
    }

    private ValueTask<ChatCaller> Admit(HttpContext http) => entrance.Admit(http, callers.Require);

    private static Guid CallOf(HttpContext http)
    {
        var named = (string)http.Request.RouteValues["call_id"]!;
        return Guid.TryParse(named, out var call) ? call : throw new CallNotFound(named);
    }

    /// <summary>Answers with what Chat answers.</summary>
    private async Task Pass(HttpContext http, string name, HttpRequestMessage request)
    {
        using var answer = await Ask(http, name, request, http.Request.Headers.Authorization.ToString(), http.RequestAborted);
        await answer.WriteTo(http);
    }

    /// <summary>What Chat answers, if it is what was asked for; otherwise throws what it refuses with.</summary>
    private async Task<ToolAnswer> Ask(HttpContext http, string name, HttpRequestMessage request, string authorization, CancellationToken ct)
    {
        http.NameCall(name);
        using var figures = new CallFigures("chat", name);
        try
        {
            var sender = new Sender(authorization, http.RequestId(), http.PeerAddress(), http.Features.Get<Whose>()?.Name);
            var answer = await passage.Send(name, sender, request, isChange: request.Method != HttpMethod.Get, ct, "with the same request_id");
            figures.Answered(answer.Status);
            if (answer.Status == 200) return answer;
            using (answer) throw new Refused(answer.Status, JsonSerializer.Deserialize<ErrorEnvelope>(answer.Body.Span, Json.Options)!.Error);
        }
        catch (OperationCanceledException)
        {
            figures.Abandoned();
            throw;
        }
    }

    private async Task Stream(HttpContext http)
    {
        var token = "";
        var caller = await entrance.Admit(http, async _ =>
        {
            if (!http.Request.Query.TryGetValue("ticket", out var ticket)) return await callers.Require(http);
            token = await tickets.Redeem(ticket.ToString(), http.Request.Path);
            return await callers.Check(token, http.RequestAborted);
        });
        var (call, after) = (CallOf(http), After(http.Request));
        var authorization = token.Length > 0 ? $"Bearer {token}" : http.Request.Headers.Authorization.ToString();

        var found = await streams.Find(call);
        if (found is { Owner: var owner } && owner != caller.Owner.Name) throw new CallNotFound(call.ToString());
        // Before what was kept is read: it lies in memory until it is taken.
        using var place = standing.Stream(caller.User);
        var kept = found switch
        {
            null => await Kept(http, call, authorization, http.RequestAborted),
            { State: CallState.Error } => await CompleteAfterAll(http, call, authorization),
            _ => null,
        };
        if (kept is not null ? after == Frame.EndOfKept : found is { State: not CallState.Started, Told: var told } && after >= told)
        {
            // They have it all. A browser's EventSource, which comes back whenever a stream ends, stays away for this.
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.BeginEvents();
            return;
        }
        if (kept is not null)
        {
            await Write(http, kept, after);
            return;
        }
        var tail = tails.Join(call);
        try
        {
            await Tell(http, caller, tail, after);
        }
        finally
        {
            tails.Leave(call, tail);
        }
    }

    /// <summary>Where a reader goes on. Throws <see cref="Invalid"/> naming all that is wrong with the address.</summary>
    private static long After(HttpRequest request)
    {
        var (query, mistakes) = (request.Query, new Dictionary<string, List<string>>());
        foreach (var name in query.Keys.Where(n => n is not ("ticket" or "last_event_id")))
            mistakes.Note(name, $"is not a parameter; there are last_event_id and ticket. A token is never accepted in an address{DidYouMean.Hint(name, ["last_event_id", "ticket"])}");
        var (field, id) = request.Headers.TryGetValue(LastEventId, out var header) ? (LastEventId, header.ToString()) : ("last_event_id", query["last_event_id"].ToString());
        var after = 0L;
        if (id.Length > 0 && !(long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out after) && after <= int.MaxValue)) mistakes[field] = ["is not the id of an event"];
        return mistakes.Count == 0 ? after : throw new Invalid(mistakes);
    }

    /// <summary>What Chat has kept of a call that Redis has no longer. Throws what it refuses with.</summary>
    private async Task<KeptCall> Kept(HttpContext http, Guid call, string authorization, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Calls}/{call}");
        using var answer = await Ask(http, "read_call", request, authorization, ct);
        return JsonSerializer.Deserialize<KeptCall>(answer.Body.Span, Json.Options)!;
    }

    /// <summary>An answer that was kept, by a process that was gone before it could tell so: then Redis says that it was interrupted.</summary>
    private async Task<KeptCall?> CompleteAfterAll(HttpContext http, Guid call, string authorization)
    {
        using var patience = new CancellationTokenSource(KeptPatience, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, patience.Token);
        try
        {
            return await Kept(http, call, authorization, ends.Token) is { State: CallState.Finished } kept ? kept : null;
        }
        catch (Exception e) when (e is Refusal or OperationCanceledException && !http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task Write(HttpContext http, KeptCall kept, long after)
    {
        http.Response.BeginEvents();
        if (after == 0 && kept.Answer.Length > 0) http.Response.BodyWriter.Write(Frame.Piece(1, kept.Answer));
        http.Response.BodyWriter.Write(Frame.End(Frame.EndOfKept, kept.State, kept.Answer, kept.Ending));
        await ToolAnswer.Flush(http);
    }

    private async Task Tell(HttpContext http, ChatCaller caller, CallTail tail, long after)
    {
        var ct = http.RequestAborted;
        var (there, isEnd, more) = tail.After(after, FramesAtOnce);
        http.Response.BeginEvents();
        var body = http.Response.BodyWriter;
        await body.FlushAsync(ct);

        using var drained = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var stopping = lifetime.ApplicationStopping.Register(() => drained.CancelAfter(Drain));
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(ct, drained.Token);
        var silentSince = clock.GetTimestamp();
        while (true)
        {
            if (caller.User is { } user && revocations.Covers(user))
            {
                await Leave(body, "Your session has ended. Log in and come back.", retryable: false, ct);
                return;
            }
            foreach (var frame in there) body.Write(frame);
            after += there.Count;
            if (there.Count > 0) silentSince = clock.GetTimestamp();
            await body.FlushAsync(ct);
            if (isEnd) return;

            if (there.Count == 0 && !await Comes(more, ends.Token))
            {
                ct.ThrowIfCancellationRequested();
                if (ends.IsCancellationRequested)
                {
                    await Leave(body, "This gateway is stopping. Come back with Last-Event-ID to go on.", retryable: true, ct);
                    return;
                }
                if (clock.GetElapsedTime(silentSince) >= TimeSpan.FromSeconds(options.Value.SilenceSeconds))
                {
                    await Leave(body, $"Nothing has come for {options.Value.SilenceSeconds} seconds. Come back with Last-Event-ID to go on waiting.", retryable: true, ct);
                    return;
                }
                body.Write(Frame.Alive);
            }
            (there, isEnd, more) = tail.After(after, FramesAtOnce);
        }
    }

    /// <summary>Waits for more. False when it is time for something else.</summary>
    private async Task<bool> Comes(Task more, CancellationToken ends)
    {
        var silence = TimeSpan.FromSeconds(options.Value.SilenceSeconds);
        try
        {
            await more.WaitAsync(silence < SignOfLife ? silence : SignOfLife, clock, ends);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends a stream whose call may go on.</summary>
    private static async Task Leave(System.IO.Pipelines.PipeWriter body, string why, bool retryable, CancellationToken ct)
    {
        body.Write(Frame.End(null, CallState.Error, "", new(why, ChatErrors.Server, retryable)));
        await body.FlushAsync(ct);
    }
}

internal static class ChatsRegistration
{
    public static void MapChats(this IEndpointRouteBuilder app) => ActivatorUtilities.CreateInstance<Chats>(app.ServiceProvider).Map(app);
}
