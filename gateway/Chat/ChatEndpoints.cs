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
/// Maps <c>/mcp/*</c>: chat with the model. The Chat service starts and ends chat runs; the gateway reads their events from Redis, so that a reader does not
/// depend on the replica that executes the run.
/// </summary>
internal sealed class ChatEndpoints(
    ServiceForwarder forwarder, ChatStreamStore streams, ChatStreamReaders readers,
    OpenConnectionLimiter connections, RevocationList revocations, IOptions<ChatStreamOptions> options, IHostApplicationLifetime lifetime, TimeProvider clock)
    : IEndpoints
{
    /// <summary>The route value with the ID of a run.</summary>
    internal const string CallId = "call_id";

    private const string Confirm = "confirm_call";
    private const string RunsUrl = "http://chat/chat/calls";
    private const int MaxFramesPerWrite = 256;

    /// <summary>The keep-alive interval. Proxies close connections that are idle for a minute.</summary>
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(15);

    /// <summary>The time for which a reader of a failed run waits for Chat, which may have saved its answer.</summary>
    private static readonly TimeSpan SavedRunTimeout = TimeSpan.FromSeconds(2);

    /// <summary>The time for which a stopping gateway keeps streams open. Most answers complete within it.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(15);

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/mcp/manifest", http => http.Response.WriteAsJsonAsync(ChatManifest.Current, Json.Options, http.RequestAborted))
            .AcceptServerToken().DescribeManifest();
        app.MapPost("/mcp/execute", async http =>
        {
            http.GetCallerIdentity().User?.RequireScope(Scopes.WriteChat);
            using var body = await RequestBody.ReadJsonAsync(http);
            using var request = new HttpRequestMessage(HttpMethod.Post, RunsUrl) { Content = new JsonBytesContent(body.Bytes) };
            if (IdempotencyKey.FromRequest(http.Request) is { } key) request.Headers.TryAddWithoutValidation(IdempotencyKey.Header, key);
            await ForwardAsync(http, "openai_chat", request);
        }).AcceptServerToken().DescribeExecute();
        app.MapPost("/mcp/confirm/{call_id}", async http =>
        {
            http.GetCallerIdentity().User?.RequireScope(Scopes.WriteChat);
            var runId = GetRunId(http);
            using var body = await RequestBody.ReadJsonAsync(http);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"{RunsUrl}/{runId}/confirm") { Content = new JsonBytesContent(body.Bytes) };
            await ForwardAsync(http, Confirm, request);
        }).AcceptServerToken().DescribeConfirm();
        app.MapGet("/mcp/stream/{call_id}", StreamAsync).AcceptServerToken().AcceptTicket().WithMetadata(QueryParametersMetadata.Read).DescribeStream();
    }

    /// <summary>Returns the ID of the run that the path names.</summary>
    /// <exception cref="ChatRunNotFound">The path names none.</exception>
    internal static Guid GetRunId(HttpContext http)
    {
        var id = (string)http.Request.RouteValues[CallId]!;
        return Uuids.TryParse(id, out var runId) ? runId : throw new ChatRunNotFound(id);
    }

    /// <summary>Forwards a request to Chat and writes its response.</summary>
    private async Task ForwardAsync(HttpContext http, string name, HttpRequestMessage request)
    {
        using var response = await SendAsync(http, name, request, http.RequestAborted);
        await response.WriteToAsync(http);
    }

    /// <summary>Returns a successful response of Chat; throws the error of any other.</summary>
    private async Task<ToolResponse> SendAsync(HttpContext http, string name, HttpRequestMessage request, CancellationToken ct)
    {
        http.SetToolTag(name);
        using var metrics = new ToolMetrics("chat", name);
        try
        {
            var caller = http.GetCallerIdentity();
            var headers = new ServiceCallHeaders(caller.Authorization, http.RequestId(), http.PeerAddress(), caller.Key);
            var response = await forwarder.SendAsync(name, headers, request, isWrite: request.Method != HttpMethod.Get, ct,
                name == Confirm ? "with the same answer"
                    : request.Headers.Contains(IdempotencyKey.Header) ? $"with the same {IdempotencyKey.Header}"
                    : "with the same request_id");
            metrics.RecordResponse(response.Status);
            if (response.Status == 200) return response;
            using (response) throw new Refused(response.Status, JsonSerializer.Deserialize<ErrorEnvelope>(response.Body.Span, Json.Options)!.Error);
        }
        catch (OperationCanceledException)
        {
            metrics.RecordAbandoned();
            throw;
        }
    }

    private async Task StreamAsync(HttpContext http)
    {
        var caller = http.GetCallerIdentity();
        caller.User?.RequireScope(Scopes.ReadChat);
        caller.User?.RequireChat();
        var (runId, after) = (GetRunId(http), ReadResumePoint(http.Request));

        var run = await streams.FindAsync(runId);
        if (run is { Owner: var owner } && owner != caller.Key) throw new ChatRunNotFound(runId.ToString());
        // Acquired before a saved run is read, which stays in memory until it is sent.
        using var lease = connections.AcquireStream(caller.User);
        var saved = run switch
        {
            null => await GetSavedRunAsync(http, runId, http.RequestAborted),
            { State: ChatRunState.Error } => await GetSavedRunAfterErrorAsync(http, runId),
            _ => null,
        };
        if (saved is not null
            ? after == ChatFrame.SavedRunEndId
            : run is { State: not ChatRunState.Started, EventCount: var eventCount } && after >= eventCount)
        {
            // The client has all events. A browser's EventSource reconnects whenever a stream ends, but not after 204.
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        if (HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.StartEventStream();
            return;
        }
        if (saved is not null)
        {
            await WriteSavedRunAsync(http, saved, after);
            return;
        }
        var reader = readers.Acquire(runId);
        try
        {
            await StreamRunAsync(http, caller.User, reader, after);
        }
        finally
        {
            readers.Release(runId, reader);
        }
    }

    /// <summary>Returns the id of the event to resume after; 0 for none. Throws <see cref="ValidationFailed"/> with all errors of the query.</summary>
    private static long ReadResumePoint(HttpRequest request)
    {
        var errors = new Dictionary<string, List<string>>();
        var after = ResumeRequest.ReadPosition<int>(request,
            (id, out position) => int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out position), errors);
        return errors.Count == 0 ? after : throw new ValidationFailed(errors);
    }

    /// <summary>Returns the saved run of a call whose events have expired in Redis. Throws the error of an unsuccessful response.</summary>
    private async Task<SavedChatRun> GetSavedRunAsync(HttpContext http, Guid runId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{RunsUrl}/{runId}");
        using var response = await SendAsync(http, "read_call", request, ct);
        return JsonSerializer.Deserialize<SavedChatRun>(response.Body.Span, Json.Options)!;
    }

    /// <summary>
    /// Returns the saved run of a process that ended before it published the result, whose stream therefore ends with an error; null when there is none.
    /// </summary>
    private async Task<SavedChatRun?> GetSavedRunAfterErrorAsync(HttpContext http, Guid runId)
    {
        using var timeout = new CancellationTokenSource(SavedRunTimeout, clock);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, timeout.Token);
        try
        {
            return await GetSavedRunAsync(http, runId, ends.Token) is { State: ChatRunState.Finished } saved ? saved : null;
        }
        catch (Exception e) when (e is ApiException or OperationCanceledException && !http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
    }

    private static async Task WriteSavedRunAsync(HttpContext http, SavedChatRun saved, long after)
    {
        http.Response.StartEventStream();
        if (after == 0 && saved.Answer.Length > 0) http.Response.BodyWriter.Write(ChatFrame.Partial(1, saved.Answer));
        http.Response.BodyWriter.Write(ChatFrame.End(ChatFrame.SavedRunEndId, saved.State, saved.Answer, saved.Ending));
        await ResponseSender.FlushAsync(http);
    }

    private async Task StreamRunAsync(HttpContext http, Caller? user, ChatStreamReader reader, long after)
    {
        var ct = http.RequestAborted;
        var (frames, isEnd, more) = reader.ReadAfter(after, MaxFramesPerWrite);
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
                await EndStreamAsync(body, "The session has ended. Log in and reconnect.", retryable: false, ct);
                return;
            }
            foreach (var frame in frames) body.Write(frame);
            after += frames.Count;
            if (frames.Count > 0) silentSince = clock.GetTimestamp();
            await body.FlushAsync(ct);
            if (isEnd) return;

            if (frames.Count == 0 && !await WaitForMoreAsync(more, ends.Token))
            {
                ct.ThrowIfCancellationRequested();
                if (ends.IsCancellationRequested)
                {
                    await EndStreamAsync(body, "The gateway is stopping. Reconnect with Last-Event-ID to resume.", retryable: true, ct);
                    return;
                }
                if (clock.GetElapsedTime(silentSince) >= TimeSpan.FromSeconds(options.Value.IdleTimeoutSeconds))
                {
                    await EndStreamAsync(body,
                        $"No event has arrived for {options.Value.IdleTimeoutSeconds} seconds. Reconnect with Last-Event-ID to continue waiting.",
                        retryable: true, ct);
                    return;
                }
                body.Write(ChatFrame.KeepAlive);
            }
            (frames, isEnd, more) = reader.ReadAfter(after, MaxFramesPerWrite);
        }
    }

    /// <summary>Waits for more events. Returns false when a keep-alive is due or the stream must end.</summary>
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

    /// <summary>Ends a stream whose run may continue.</summary>
    private static async Task EndStreamAsync(System.IO.Pipelines.PipeWriter body, string reason, bool retryable, CancellationToken ct)
    {
        body.Write(ChatFrame.End(null, ChatRunState.Error, "", new(reason, ChatErrorCodes.Server, retryable)));
        await body.FlushAsync(ct);
    }
}
