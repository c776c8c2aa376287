using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;
using MedCor.Validation;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>
/// Handles one WebSocket: processes messages in sequence, runs calls concurrently, and sends each response and event as soon as it is available.
/// </summary>
internal sealed class WebSocketSession(
    HttpContext http, WebSocket socket, DelayedAbortFeature connection, IDisposable place, CallQuota quota, OpenConnectionLimiter standing, EventSubscriptions listeners, TokenValidator check, ToolInvoker door, BufferedBytesLimiter waiting, TimeProvider clock)
    : IDisposable
{
    public const int Unauthorized = 4401;
    public const int TooSlow = 4408;
    public const int TooMany = 4429;
    private const int TryAgainLater = 1013;

    /// <summary>
    /// The maximum number of calls that are in progress or whose responses are not sent yet. At this limit no further message is read until a call
    /// completes, so that responses do not accumulate.
    /// </summary>
    private const int MaxConcurrentCalls = 16;

    /// <summary>The number of invalid messages before <c>auth</c> at which the connection is closed.</summary>
    private const int MaxInvalidMessages = 3;

    private const int MaxFrameSize = 64 * 1024;

    private static readonly TimeSpan AuthTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The time within which the client must receive a message. After that the connection is aborted.</summary>
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The time that a last message, or the response to a close frame, may take before the connection is aborted.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private static readonly ActivitySource Source = new("MedCor.Gateway");

    private readonly SemaphoreSlim _sending = new(1);
    private readonly SemaphoreSlim _calls = new(MaxConcurrentCalls);
    private readonly CancellationTokenSource _disconnected = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
    private readonly TaskCompletionSource<(int Code, string Reason)> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EventSubscriber? _listener;
    private ITimer? _authTimer;
    private Task _sendingEvents = Task.CompletedTask;
    private IDisposable? _connectionLease;
    private int _invalidMessages;
    private bool _isClosed;
    private bool _isFaulted;

    /// <summary>Runs the session until either side ends it.</summary>
    /// <param name="identity">The caller and token of the handshake request; null when it had none.</param>
    /// <param name="resources">The resources in the URL to subscribe to; null for none.</param>
    /// <param name="resumeAfter">The position from which to resume.</param>
    public async Task RunAsync((Caller Caller, string Token)? identity, ImmutableHashSet<string>? resources, ResumeToken? resumeAfter)
    {
        var receiving = Task.CompletedTask;
        try
        {
            if (identity is var (caller, token)) await StartSessionAsync(caller, token, resources ?? [], resumeAfter, default);
            else _authTimer = clock.CreateTimer(_ => End(Unauthorized, "No auth came within 10 seconds."), null, AuthTimeout, Timeout.InfiniteTimeSpan);

            receiving = ReceiveAsync();
            await Task.WhenAny(receiving, _ending.Task);
            if (!_ending.Task.IsCompleted)
            {
                await CloseAsync((int)WebSocketCloseStatus.NormalClosure, "", CloseTimeout);
                return;
            }
            var (code, reason) = await _ending.Task;
            // A stopping server first responds to the calls in progress: otherwise the client would not know their outcome.
            if (code == (int)WebSocketCloseStatus.EndpointUnavailable) await WaitForCallsAsync();
            // A slow reader gets as much time for the last message as for any other.
            var within = code == TooSlow ? SendTimeout : CloseTimeout;
            await CloseAsync(code, reason, within);
            await WaitForCloseAsync(receiving, within);
        }
        finally
        {
            _authTimer?.Dispose();
            _listener?.Disconnect(DisconnectReason.ClientLeft);
            await _disconnected.CancelAsync();
            // A close frame that answers the client's, or reports a fault, has been written by now but is sent only if the connection is not aborted.
            if (!_isFaulted && socket.State != WebSocketState.Closed) connection.AbortNow();
            await receiving;
            await _sendingEvents;
            await WaitForCallsAsync();
            // Removed last: until then the listener could still have been given a subscription.
            if (_listener is not null) listeners.Remove(_listener);
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await WebSocketMessage.ReceiveAsync(socket, waiting.CreateLease(_listener is null ? NetworkKey.ForClient(http) : CallerKey.Of(_listener.Caller)), Longest(), clock, Late) is { } message)
            {
                if (message.IsTooLarge) End((int)WebSocketCloseStatus.MessageTooBig, $"A message is larger than {(_listener is null ? "16 KiB, and the first must be auth" : "1 MiB")}.");
                // Messages after the end are read and dropped: a client that still sends receives the close frame only if the connection is not aborted.
                if (_ending.Task.IsCompleted) message.Dispose();
                else await HandleMessageAsync(message);
            }
        }
        catch (WebSocketException e) when (e.WebSocketErrorCode == WebSocketError.Faulted)
        {
            // The client violated the protocol or sent invalid text: the platform closed with 1002 or 1007 before it threw.
            _isFaulted = true;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection failed or was aborted.
        }
        catch (ApiException e)
        {
            End(e is Unavailable ? TryAgainLater : TooMany, e.Message);
        }

        int Longest() => _listener is null ? WebSocketMessage.MaxAnonymousLength : MedCorDefaults.MaxRequestBodySize;
        void Late() => End((int)WebSocketCloseStatus.PolicyViolation, "A message was not whole within 10 seconds.");
    }

    private async Task HandleMessageAsync(WebSocketMessage message)
    {
        var isKept = false;
        ReadOnlyMemory<byte> requestId = default;
        try
        {
            (var type, requestId) = await ReadAsync(message);
            if (_listener is null && type != "auth") throw new Unauthenticated(ErrorCodes.AuthRequired, "Send {\"type\": \"auth\", \"token\": …} first.");
            if (_listener is not null && type != "tool_invoke") await quota.ChargeAsync(_listener.Caller);
            switch (type)
            {
                case "auth":
                    await AuthenticateAsync(ParameterReader<AuthMessage>.Read(message.Bytes, "message"), requestId);
                    break;
                case "tool_invoke":
                    await _calls.WaitAsync(_disconnected.Token);
                    isKept = true;
                    _ = InvokeAsync(message, requestId);
                    break;
                case "subscribe":
                    await SubscribeAsync(ParameterReader<SubscriptionMessage>.Read(message.Bytes, "message").Resource, requestId);
                    break;
                case "unsubscribe":
                    Unsubscribe(ParameterReader<SubscriptionMessage>.Read(message.Bytes, "message").Resource, requestId);
                    break;
                default:
                    throw new ValidationFailed("type", $"must be auth, tool_invoke, subscribe or unsubscribe{DidYouMean.Hint(type, ["auth", "tool_invoke", "subscribe", "unsubscribe"])}");
            }
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            await SendAsync(json => WriteError(json, "error", requestId, ToProblem(e)));
            if (_listener is null && (e is Unauthenticated || ++_invalidMessages == MaxInvalidMessages)) End(Unauthorized, "The first message must be auth, with a token that is valid.");
        }
        finally
        {
            if (!isKept) message.Dispose();
        }
    }

    /// <summary>
    /// Returns the type and request id of a message. An invalid message counts as a call, too. Throws <see cref="ValidationFailed"/> or
    /// <see cref="RateLimited"/>.
    /// </summary>
    private async ValueTask<(string Type, ReadOnlyMemory<byte> RequestId)> ReadAsync(WebSocketMessage message)
    {
        try
        {
            return message.ReadEnvelope();
        }
        catch (ValidationFailed) when (_listener is not null)
        {
            await quota.ChargeAsync(_listener.Caller);
            throw;
        }
    }

    private async Task AuthenticateAsync(AuthMessage asked, ReadOnlyMemory<byte> requestId)
    {
        ResumeToken? after = null;
        var resources = ParseResources(asked.Resources ?? [], "resources");
        if (asked.LastEventId is { } id && !ResumeToken.TryParse(id, out after)) throw new ValidationFailed("last_event_id", "is not the id of an event");
        var caller = await check.ValidateAsync(asked.Token, _disconnected.Token);
        EventSubscriptions.ThrowIfForbidden(caller, resources);
        if (_listener is null)
        {
            await quota.ChargeAsync(caller);
            try
            {
                _connectionLease = standing.AcquireSocket(caller);
            }
            catch (ApiException refusal)
            {
                await SendAsync(json => WriteError(json, "error", requestId, ToProblem(refusal)));
                End(refusal is Unavailable ? TryAgainLater : TooMany, refusal.Message);
                return;
            }
            place.Dispose();
            await StartSessionAsync(caller, asked.Token, resources, after, requestId);
            return;
        }
        if (caller.UserId != _listener.Caller.UserId || caller.HospitalId != _listener.Caller.HospitalId) throw new Forbidden("This connection is another user's. Open one of your own.");
        _listener.Renew(caller, asked.Token);
        _listener.RenewAt = TokenRenewal.GetDueTime(caller, clock.GetUtcNow());
        await SendAsync(json => WriteAuthSuccess(json, caller, requestId));
        foreach (var resource in resources) await SubscribeAsync(resource, requestId);
    }

    private async Task StartSessionAsync(Caller caller, string token, ImmutableHashSet<string> resources, ResumeToken? after, ReadOnlyMemory<byte> requestId)
    {
        _authTimer?.Dispose();
        var welcomed = new EventSubscriber(caller, token, hearsAnswers: false) { Resources = resources };
        welcomed.Ended.Register(() => CloseFor(welcomed.EndReason));
        _listener = welcomed;
        listeners.Monitor(welcomed);
        await SendAsync(json => WriteAuthSuccess(json, caller, requestId));
        try
        {
            if (!resources.IsEmpty) await listeners.SubscribeAsync(welcomed, after);
            foreach (var resource in resources) EnqueueAcknowledgement("subscribed", resource, requestId);
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            // The client can still call tools and subscribe again.
            welcomed.Resources = [];
            await SendAsync(json => WriteError(json, "error", requestId, ToProblem(e)));
        }
        _sendingEvents = SendEventsAsync(welcomed);
    }

    private async Task SubscribeAsync(string resource, ReadOnlyMemory<byte> requestId)
    {
        ParseResources([resource], "resource");
        EventSubscriptions.ThrowIfForbidden(_listener!.Caller, [resource]);
        if (_listener.Subscription is null) await listeners.SubscribeAsync(_listener, resumeAfter: null);
        _listener.Resources = _listener.Resources!.Add(resource);
        EnqueueAcknowledgement("subscribed", resource, requestId);
    }

    private void Unsubscribe(string resource, ReadOnlyMemory<byte> requestId)
    {
        ParseResources([resource], "resource");
        _listener!.Resources = _listener.Resources!.Remove(resource);
        EnqueueAcknowledgement("unsubscribed", resource, requestId);
    }

    /// <summary>
    /// Queues the acknowledgment among the events, so that its id covers everything sent before it, and the events before it belong to the previous
    /// subscription state.
    /// </summary>
    private void EnqueueAcknowledgement(string type, string resource, ReadOnlyMemory<byte> requestId)
    {
        var data = Write(json =>
        {
            WriteHead(json, type, requestId);
            json.WriteString("resource"u8, resource);
        });
        _listener!.Enqueue(StreamItem.OutOfStream(new(type, "", new(Callers.Everyone), data.Span)));
    }

    /// <summary>Sends queued events: changes of resources, and events about the connection itself.</summary>
    private async Task SendEventsAsync(EventSubscriber to)
    {
        try
        {
            await foreach (var heard in to.Subscription?.ReadAllAsync(to.Ended) ?? to.ReadQueueAsync(to.Ended))
            {
                var place = to.Subscription?.Token;
                place?.Advance(heard);
                // The additional event that contains the entity under its own name is for other kinds of subscribers.
                if (heard.Event is { } e && (e.Name == LiveEvent.ResourceUpdateEvent || e.Resource.Length == 0)) await SendAsync(AddResumeToken(e, place));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            // The client disconnected or was disconnected.
        }
        catch (Exception e)
        {
            // Redis became unavailable while missed events were read: the client can reconnect and resume from its position.
            ErrorResponseWriter.ToApiException(e, http);
            End((int)WebSocketCloseStatus.InternalServerError, "Live events are away at present. Come back with the id of the last message.");
        }
    }

    private async Task InvokeAsync(WebSocketMessage message, ReadOnlyMemory<byte> requestId)
    {
        try
        {
            // Each call has its own trace, because the trace of the connection would never end.
            Activity.Current = null;
            using var span = Source.StartActivity("tool_invoke", ActivityKind.Server);
            var written = Encoding.UTF8.GetString(requestId.Span).Trim('"');
            var label = RequestIds.IsValid(written) ? written : Guid.CreateVersion7().ToString();
            span?.SetTag("medcor.request_id", label);
            try
            {
                var caller = _listener!.Caller;
                if (!check.IsStillValid(caller)) throw new Unauthenticated(ErrorCodes.AuthInvalid, "The access token is not valid, or no longer. Send auth with another.");
                await quota.ChargeAsync(caller);
                if (requestId.IsEmpty) throw new ValidationFailed("request_id", "is required: by it you know the answer");
                var call = ToolRequest.Parse(new(message.Bytes), out var key, "type", "request_id");
                using var answer = await door.InvokeAsync(new(caller, $"Bearer {_listener.Token}", label, http.PeerAddress(), "websocket"), call, key, _disconnected.Token);
                if (answer.Status == 200) await SendResultAsync(requestId, answer);
                else await SendAsync(json => WriteError(json, LiveEvent.ToolResponseEvent, requestId, JsonSerializer.Deserialize<ErrorEnvelope>(answer.Body.Span, Json.Options)!.Error));
            }
            catch (Exception e) when (e is not WebSocketException && !_disconnected.IsCancellationRequested)
            {
                await SendAsync(json => WriteError(json, LiveEvent.ToolResponseEvent, requestId, ToProblem(e, label)));
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The client disconnected.
        }
        finally
        {
            message.Dispose();
            _calls.Release();
        }
    }

    private void CloseFor(DisconnectReason why)
    {
        if (why == DisconnectReason.TooSlow) End(TooSlow, "You read more slowly than events come. Come back with the id of the last message.");
        else if (why == DisconnectReason.Unauthenticated) End(Unauthorized, "The token is not valid any more.");
        else if (why == DisconnectReason.ServerStopping) End((int)WebSocketCloseStatus.EndpointUnavailable, "This server stops. Come back with the id of the last message.");
    }

    private void End(int code, string reason) => _ending.TrySetResult((code, reason));

    /// <summary>Waits until the peer closes the connection, up to a time limit.</summary>
    private async Task WaitForCloseAsync(Task receiving, TimeSpan within)
    {
        try
        {
            await receiving.WaitAsync(within, clock);
        }
        catch (TimeoutException)
        {
            // The peer did not close in time: the connection is aborted.
        }
    }

    /// <summary>Waits until no call is in progress, up to a time limit.</summary>
    private async Task WaitForCallsAsync()
    {
        var free = 0;
        while (free < MaxConcurrentCalls && await _calls.WaitAsync(ServiceForwarder.RequestTimeout + CloseTimeout)) free++;
        if (free > 0) _calls.Release(free);
    }

    private async Task CloseAsync(int code, string reason, TimeSpan within)
    {
        if (!await _sending.WaitAsync(within)) return;
        try
        {
            _isClosed = true;
            using var patience = new CancellationTokenSource(within, clock);
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, patience.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is already closed.
        }
        finally
        {
            _sending.Release();
        }
    }

    private Task SendAsync(Action<Utf8JsonWriter> write) => SendAsync(Write(write));

    /// <summary>Sends a tool's response, writing the envelope around its bytes without copying them, because they can be large.</summary>
    private Task SendResultAsync(ReadOnlyMemory<byte> requestId, ToolResponse answer)
    {
        var head = Write(json => WriteHead(json, LiveEvent.ToolResponseEvent, requestId));
        var tail = Write(json =>
        {
            if (answer.IsReplay) json.WriteBoolean("idempotent_replayed"u8, true);
            WriteTimestamp(json, clock.GetUtcNow());
        });
        return SendAsync((byte[])[.. head[..^1].Span, .. ",\"result\":"u8], answer.Body, (byte[])[(byte)',', .. tail[1..].Span]);
    }

    private Task SendAsync(ReadOnlyMemory<byte> text) => SendAsync(text, default, default);

    private async Task SendAsync(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, ReadOnlyMemory<byte> third)
    {
        await _sending.WaitAsync(_disconnected.Token);
        try
        {
            if (_isClosed) return;
            // Canceling a send aborts the connection.
            using var patience = new CancellationTokenSource(SendTimeout, clock);
            var isWhole = third.IsEmpty;
            await socket.SendAsync(first, WebSocketMessageType.Text, isWhole, patience.Token);
            if (isWhole) return;
            // Sent in several frames, because each frame is copied before it is sent.
            for (; second.Length > 0; second = second[Math.Min(MaxFrameSize, second.Length)..])
                await socket.SendAsync(second[..Math.Min(MaxFrameSize, second.Length)], WebSocketMessageType.Text, endOfMessage: false, patience.Token);
            await socket.SendAsync(third, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var text = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(text, new() { Encoder = Json.Options.Encoder, SkipValidation = true }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return text.WrittenMemory;
    }

    private static void WriteError(Utf8JsonWriter json, string type, ReadOnlyMemory<byte> requestId, Problem problem)
    {
        WriteHead(json, type, requestId);
        json.WriteString("error"u8, $"{problem.Code}: {problem.Message}");
        json.WriteString("code"u8, problem.Code);
        json.WritePropertyName("details"u8);
        JsonSerializer.Serialize(json, problem.Details, Json.Options);
        if (problem.RetryAfter is { } seconds) json.WriteNumber("retry_after"u8, seconds);
        WriteTimestamp(json, problem.Timestamp);
    }

    private static void WriteAuthSuccess(Utf8JsonWriter json, Caller caller, ReadOnlyMemory<byte> requestId)
    {
        WriteHead(json, "auth_success", requestId);
        json.WriteString("user_id"u8, caller.UserId);
        json.WritePropertyName("expires_at"u8);
        JsonSerializer.Serialize(json, caller.ExpiresAt, Json.Options);
    }

    private static void WriteHead(Utf8JsonWriter json, string type, ReadOnlyMemory<byte> requestId)
    {
        json.WriteString("type"u8, type);
        if (requestId.IsEmpty) return;
        json.WritePropertyName("request_id"u8);
        json.WriteRawValue(requestId.Span, skipInputValidation: true);
    }

    private static void WriteTimestamp(Utf8JsonWriter json, DateTimeOffset now)
    {
        json.WritePropertyName("timestamp"u8);
        JsonSerializer.Serialize(json, now, Json.Options);
    }

    /// <summary>Returns an event's data with the position that is reached with it. Clients know an event about the connection as <c>error</c>.</summary>
    private static ReadOnlyMemory<byte> AddResumeToken(LiveEvent e, ResumeToken? place)
    {
        // Every event's data begins with its type.
        var rest = e.Data.Span[($"{{\"type\":\"{e.Name}\"".Length)..];
        var text = new ArrayBufferWriter<byte>(e.Data.Length + ResumeToken.MaxLength + 32);
        text.Write("{\"type\":\""u8);
        text.Write(Encoding.ASCII.GetBytes(e.Name == LiveEvent.ErrorEvent ? "error" : e.Name));
        text.Write("\""u8);
        if (place is not null)
        {
            text.Write(",\"id\":\""u8);
            text.Advance(place.WriteTo(text.GetSpan(ResumeToken.MaxLength)));
            text.Write("\""u8);
        }
        text.Write(rest);
        return text.WrittenMemory;
    }

    private static ImmutableHashSet<string> ParseResources(IReadOnlyCollection<string> resources, string field)
    {
        var unknown = resources.Except(EventSubscriptions.SubscribableResources).ToArray();
        return unknown.Length == 0 ? [.. resources] : throw new ValidationFailed(field, EventSubscriptions.FormatUnknown(unknown));
    }

    private Problem ToProblem(Exception e, string? label = null) => ErrorResponseWriter.ToProblem(ErrorResponseWriter.ToApiException(e, http), label ?? http.RequestId(), clock.GetUtcNow());

    public void Dispose()
    {
        _connectionLease?.Dispose();
        _sending.Dispose();
        _calls.Dispose();
        _disconnected.Dispose();
        _listener?.Dispose();
    }
}
