using System.Buffers;
using System.Globalization;
using System.Text.Json;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.LiveEvents;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Telemetry;
using MedCor.Validation;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Chat;

/// <summary>
/// <c>/mcp/*</c>: chat with the model. The Chat service begins calls and ends them; their events are read from Redis here, so that a reader does not depend on the replica
/// that carries the call out.
/// </summary>
internal sealed class ChatEndpoints(
    ServiceForwarder passage, ChatStreamStore streams, ChatStreamReaders tails, OpenConnectionLimiter standing, RevocationList revocations, IOptions<ChatStreamOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock) : IEndpoints
{
    private const string RunsUrl = "http://chat/chat/calls";
    private const string LastEventId = "Last-Event-ID";
    private const int MaxFramesPerWrite = 256;

    /// <summary>Proxies cut connections on which nothing comes for a minute.</summary>
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);

    /// <summary>Specifies the time for which a reader of a failed call waits for Chat, which may have saved its answer.</summary>
    private static readonly TimeSpan SavedRunTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Most answers end by themselves while a gateway that is to stop waits.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(15);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/mcp/manifest", http => http.Response.WriteAsJsonAsync(ChatManifest.Current, Json.Options, http.RequestAborted)).AcceptServerToken();
        app.MapPost("/mcp/execute", async http =>
        {
            using var body = await RequestBody.ReadJsonAsync(http);
            using var request = new HttpRequestMessage(HttpMethod.Post, RunsUrl) { Content = new JsonBytesContent(body.Bytes) };
            if (IdempotencyKey.FromRequest(http.Request) is { } key) request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, key);
            await ForwardAsync(http, "openai_chat", request);
        }).AcceptServerToken();
        app.MapGet("/mcp/stream/{call_id}", StreamAsync).AcceptServerToken().AcceptTicket().WithMetadata(QueryParametersMetadata.Read);
        app.MapPost("/mcp/cancel/{call_id}", async http =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{RunsUrl}/{GetRunId(http)}/cancel");
            await ForwardAsync(http, "cancel_call", request);
        }).AcceptServerToken();
        app.MapPost("/mcp/cancel_all", async http =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{RunsUrl}/cancel");
            await ForwardAsync(http, "cancel_calls", request);
        }).AcceptServerToken();
    }

    private static Guid GetRunId(HttpContext http)
    {
        var named = (string)http.Request.RouteValues["call_id"]!;
        return Uuids.TryParse(named, out var call) ? call : throw new ChatRunNotFound(named);
    }

    /// <summary>Answers with what Chat answers.</summary>
    private async Task ForwardAsync(HttpContext http, string name, HttpRequestMessage request)
    {
        using var answer = await SendAsync(http, name, request, http.RequestAborted);
        await answer.WriteToAsync(http);
    }

    /// <summary>What Chat answers, if it is what was asked for; otherwise throws what it refuses with.</summary>
    private async Task<ToolResponse> SendAsync(HttpContext http, string name, HttpRequestMessage request, CancellationToken ct)
    {
        http.SetToolTag(name);
        using var figures = new ToolMetrics("chat", name);
        try
        {
            var caller = http.GetCallerIdentity();
            var sender = new ServiceCallHeaders(caller.Authorization, http.RequestId(), http.PeerAddress(), caller.Key);
            var answer = await passage.SendAsync(name, sender, request, isWrite: request.Method != HttpMethod.Get, ct,
                request.Headers.Contains(IdempotencyKey.Header) ? $"with the same {IdempotencyKey.Header}" : "with the same request_id");
            figures.RecordResponse(answer.Status);
            if (answer.Status == 200) return answer;
            using (answer) throw new Refused(answer.Status, JsonSerializer.Deserialize<ErrorEnvelope>(answer.Body.Span, Json.Options)!.Error);
        }
        catch (OperationCanceledException)
        {
            figures.RecordAbandoned();
            throw;
        }
    }

    private async Task StreamAsync(HttpContext http)
    {
        var (caller, call, after) = (http.GetCallerIdentity(), GetRunId(http), ReadResumePoint(http.Request));

        var found = await streams.FindAsync(call);
        if (found is { Owner: var owner } && owner != caller.Key) throw new ChatRunNotFound(call.ToString());
        // Before what was kept is read: it lies in memory until it is taken.
        using var place = standing.AcquireStream(caller.User);
        var kept = found switch
        {
            null => await GetSavedRunAsync(http, call, http.RequestAborted),
            { State: ChatRunState.Error } => await GetSavedRunAfterErrorAsync(http, call),
            _ => null,
        };
        if (kept is not null ? after == ChatFrame.SavedRunEndId : found is { State: not ChatRunState.Started, Told: var told } && after >= told)
        {
            // They have it all. A browser's EventSource, which comes back whenever a stream ends, stays away for this.
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.StartEventStream();
            return;
        }
        if (kept is not null)
        {
            await WriteSavedRunAsync(http, kept, after);
            return;
        }
        var tail = tails.Acquire(call);
        try
        {
            await StreamRunAsync(http, caller.User, tail, after);
        }
        finally
        {
            tails.Release(call, tail);
        }
    }

    /// <summary>Where a reader goes on. Throws <see cref="ValidationFailed"/> naming all that is wrong with the address.</summary>
    private static long ReadResumePoint(HttpRequest request)
    {
        var (query, mistakes) = (request.Query, new Dictionary<string, List<string>>());
        foreach (var name in query.Keys.Where(n => n is not ("ticket" or "last_event_id")))
            mistakes.AddError(name, $"is not a parameter; there are last_event_id and ticket. A token is never accepted in an address{DidYouMean.Hint(name, ["last_event_id", "ticket"])}");
        var (field, id) = request.Headers.TryGetValue(LastEventId, out var header) ? (LastEventId, header.ToString()) : ("last_event_id", query["last_event_id"].ToString());
        var after = 0L;
        if (id.Length > 0 && !(long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out after) && after <= int.MaxValue)) mistakes[field] = ["is not the id of an event"];
        return mistakes.Count == 0 ? after : throw new ValidationFailed(mistakes);
    }

    /// <summary>What Chat has kept of a call that Redis has no longer. Throws what it refuses with.</summary>
    private async Task<SavedChatRun> GetSavedRunAsync(HttpContext http, Guid call, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{RunsUrl}/{call}");
        using var answer = await SendAsync(http, "read_call", request, ct);
        return JsonSerializer.Deserialize<SavedChatRun>(answer.Body.Span, Json.Options)!;
    }

    /// <summary>An answer that was kept, by a process that was gone before it could tell so: then Redis says that it was interrupted.</summary>
    private async Task<SavedChatRun?> GetSavedRunAfterErrorAsync(HttpContext http, Guid call)
    {
        using var patience = new CancellationTokenSource(SavedRunTimeout, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, patience.Token);
        try
        {
            return await GetSavedRunAsync(http, call, ends.Token) is { State: ChatRunState.Finished } kept ? kept : null;
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException && !http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task WriteSavedRunAsync(HttpContext http, SavedChatRun kept, long after)
    {
        http.Response.StartEventStream();
        if (after == 0 && kept.Answer.Length > 0) http.Response.BodyWriter.Write(ChatFrame.Partial(1, kept.Answer));
        http.Response.BodyWriter.Write(ChatFrame.End(ChatFrame.SavedRunEndId, kept.State, kept.Answer, kept.Ending));
        await ResponseSender.FlushAsync(http);
    }

    private async Task StreamRunAsync(HttpContext http, Caller? user, ChatStreamReader tail, long after)
    {
        var ct = http.RequestAborted;
        var (there, isEnd, more) = tail.ReadAfter(after, MaxFramesPerWrite);
        http.Response.StartEventStream();
        var body = http.Response.BodyWriter;
        await body.FlushAsync(ct);

        using var drained = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var stopping = lifetime.ApplicationStopping.Register(() => drained.CancelAfter(DrainTimeout));
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(ct, drained.Token);
        var silentSince = clock.GetTimestamp();
        while (true)
        {
            if (user is not null && revocations.IsRevoked(user))
            {
                await EndStreamAsync(body, "Your session has ended. Log in and come back.", retryable: false, ct);
                return;
            }
            foreach (var frame in there) body.Write(frame);
            after += there.Count;
            if (there.Count > 0) silentSince = clock.GetTimestamp();
            await body.FlushAsync(ct);
            if (isEnd) return;

            if (there.Count == 0 && !await WaitForMoreAsync(more, ends.Token))
            {
                ct.ThrowIfCancellationRequested();
                if (ends.IsCancellationRequested)
                {
                    await EndStreamAsync(body, "This gateway is stopping. Come back with Last-Event-ID to go on.", retryable: true, ct);
                    return;
                }
                if (clock.GetElapsedTime(silentSince) >= TimeSpan.FromSeconds(options.Value.IdleTimeoutSeconds))
                {
                    await EndStreamAsync(body, $"Nothing has come for {options.Value.IdleTimeoutSeconds} seconds. Come back with Last-Event-ID to go on waiting.", retryable: true, ct);
                    return;
                }
                body.Write(ChatFrame.KeepAlive);
            }
            (there, isEnd, more) = tail.ReadAfter(after, MaxFramesPerWrite);
        }
    }

    /// <summary>Waits for more. False when it is time for something else.</summary>
    private async Task<bool> WaitForMoreAsync(Task more, CancellationToken ends)
    {
        var silence = TimeSpan.FromSeconds(options.Value.IdleTimeoutSeconds);
        try
        {
            await more.WaitAsync(silence < KeepAliveInterval ? silence : KeepAliveInterval, clock, ends);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Ends a stream whose call may go on.</summary>
    private static async Task EndStreamAsync(System.IO.Pipelines.PipeWriter body, string why, bool retryable, CancellationToken ct)
    {
        body.Write(ChatFrame.End(null, ChatRunState.Error, "", new(why, ChatErrorCodes.Server, retryable)));
        await body.FlushAsync(ct);
    }
}
