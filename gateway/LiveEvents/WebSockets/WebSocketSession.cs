using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
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
    HttpContext http, WebSocket socket, DelayedAbortFeature connection, IDisposable anonymousLease, CallQuota quota, OpenConnectionLimiter connections,
    EventSubscriptions subscriptions, TokenValidator tokens, ApiKeyTokens apiKeys, ToolInvoker invoker, BufferedBytesLimiter buffers, TimeProvider clock)
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
    private EventSubscriber? _subscriber;
    private ITimer? _authTimer;
    private Task _sendingEvents = Task.CompletedTask;
    private IDisposable? _connectionLease;
    private int _invalidMessages;
    private bool _isClosed;
    private bool _isFaulted;

    /// <summary>Runs the session until either side ends it.</summary>
    /// <param name="identity">The caller, token and API key of the handshake request; null when it had none.</param>
    /// <param name="resources">The resources in the URL to subscribe to; null for none.</param>
    /// <param name="resumeAfter">The position from which to resume.</param>
    public async Task RunAsync((Caller Caller, string Token, string? ApiKey)? identity, ImmutableHashSet<string>? resources, ResumeToken? resumeAfter)
    {
        var receiving = Task.CompletedTask;
        try
        {
            if (identity is var (caller, token, apiKey)) await StartSessionAsync(caller, token, apiKey, resources ?? [], resumeAfter, default);
            else
                _authTimer = clock.CreateTimer(_ => End(Unauthorized, "The first message, auth, did not arrive within 10 seconds."), null, AuthTimeout,
                    Timeout.InfiniteTimeSpan);

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
            _subscriber?.Disconnect(DisconnectReason.ClientLeft);
            await _disconnected.CancelAsync();
            // A close frame that answers the client's, or reports a fault, has been written by now but is sent only if the connection is not aborted.
            if (!_isFaulted && socket.State != WebSocketState.Closed) connection.AbortNow();
            await receiving;
            await _sendingEvents;
            await WaitForCallsAsync();
            // Removed last: until then the subscriber could still receive a subscription.
            if (_subscriber is not null) subscriptions.Remove(_subscriber);
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await WebSocketMessage.ReceiveAsync(socket, buffers.CreateLease(
                _subscriber is null ? NetworkKey.ForClient(http) : CallerKey.Of(_subscriber.Caller)), GetMaxLength(), clock, EndAfterTimeout) is { } message)
            {
                if (message.IsTooLarge) End((int)WebSocketCloseStatus.MessageTooBig,
                    $"A message is larger than {(_subscriber is null ? "16 KiB, and the first must be auth" : "1 MiB")}.");
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

        int GetMaxLength() => _subscriber is null ? WebSocketMessage.MaxAnonymousLength : MedCorDefaults.MaxRequestBodySize;
        void EndAfterTimeout() => End((int)WebSocketCloseStatus.PolicyViolation, "A message was not complete within 10 seconds.");
    }

    private async Task HandleMessageAsync(WebSocketMessage message)
    {
        var isKept = false;
        ReadOnlyMemory<byte> requestId = default;
        try
        {
            (var type, requestId) = await ReadAsync(message);
            if (_subscriber is null && type != "auth") throw new Unauthenticated(ErrorCodes.AuthRequired, "Send {\"type\": \"auth\", \"token\": …} first.");
            if (_subscriber is not null && type != "tool_invoke") await quota.ChargeAsync(_subscriber.Caller);
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
                    throw new ValidationFailed("type",
                        $"must be auth, tool_invoke, subscribe or unsubscribe{DidYouMean.Hint(type, ["auth", "tool_invoke", "subscribe", "unsubscribe"])}");
            }
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            await SendAsync(json => WriteError(json, "error", requestId, ToProblem(e)));
            if (_subscriber is null && (e is Unauthenticated || ++_invalidMessages == MaxInvalidMessages))
                End(Unauthorized, "The first message must be auth, with a token that is valid.");
        }
        finally
        {
            if (!isKept) message.Dispose();
        }
    }

    /// <summary>
    /// Returns the type and request id of a message. An invalid message is also charged as a call. Throws <see cref="ValidationFailed"/> or
    /// <see cref="RateLimited"/>.
    /// </summary>
    private async ValueTask<(string Type, ReadOnlyMemory<byte> RequestId)> ReadAsync(WebSocketMessage message)
    {
        try
        {
            return message.ReadEnvelope();
        }
        catch (ValidationFailed) when (_subscriber is not null)
        {
            await quota.ChargeAsync(_subscriber.Caller);
            throw;
        }
    }

    private async Task AuthenticateAsync(AuthMessage message, ReadOnlyMemory<byte> requestId)
    {
        ResumeToken? after = null;
        var resources = ParseResources(message.Resources ?? [], "resources");
        if (message.LastEventId is { } id && !ResumeToken.TryParse(id, out after)) throw new ValidationFailed("last_event_id", "is not the id of an event");
        var apiKey = ApiKeyTokens.IsKey(message.Token) ? message.Token : null;
        var (caller, token) = apiKey is null
            ? new(await tokens.ValidateAsync(message.Token, _disconnected.Token), message.Token)
            : await apiKeys.ExchangeAsync(apiKey, http.Connection.RemoteIpAddress, _disconnected.Token);
        EventSubscriptions.ThrowIfForbidden(caller, resources);
        if (_subscriber is null)
        {
            await quota.ChargeAsync(caller);
            try
            {
                _connectionLease = connections.AcquireSocket(caller);
            }
            catch (ApiException error)
            {
                await SendAsync(json => WriteError(json, "error", requestId, ToProblem(error)));
                End(error is Unavailable ? TryAgainLater : TooMany, error.Message);
                return;
            }
            anonymousLease.Dispose();
            await StartSessionAsync(caller, token, apiKey, resources, after, requestId);
            return;
        }
        if (caller.UserId != _subscriber.Caller.UserId || caller.HospitalId != _subscriber.Caller.HospitalId)
            throw new Forbidden("This connection belongs to another user. Open a new connection.");
        _subscriber.Renew(caller, token, apiKey);
        _subscriber.RenewAt = TokenRenewal.GetDueTime(caller, clock.GetUtcNow());
        await SendAsync(json => WriteAuthSuccess(json, caller, requestId));
        foreach (var resource in resources) await SubscribeAsync(resource, requestId);
    }

    private async Task StartSessionAsync(Caller caller, string token, string? apiKey, ImmutableHashSet<string> resources, ResumeToken? after,
        ReadOnlyMemory<byte> requestId)
    {
        _authTimer?.Dispose();
        var subscriber = new EventSubscriber(caller, token, receivesToolResponses: false, apiKey) { Resources = resources };
        subscriber.Ended.Register(() => CloseFor(subscriber.EndReason));
        _subscriber = subscriber;
        subscriptions.Monitor(subscriber);
        await SendAsync(json => WriteAuthSuccess(json, caller, requestId));
        try
        {
            if (!resources.IsEmpty) await subscriptions.SubscribeAsync(subscriber, after);
            foreach (var resource in resources) EnqueueAcknowledgement("subscribed", resource, requestId);
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            // The client can still call tools and subscribe again.
            subscriber.Resources = [];
            await SendAsync(json => WriteError(json, "error", requestId, ToProblem(e)));
        }
        _sendingEvents = SendEventsAsync(subscriber);
    }

    private async Task SubscribeAsync(string resource, ReadOnlyMemory<byte> requestId)
    {
        ParseResources([resource], "resource");
        EventSubscriptions.ThrowIfForbidden(_subscriber!.Caller, [resource]);
        if (_subscriber.Subscription is null) await subscriptions.SubscribeAsync(_subscriber, resumeAfter: null);
        _subscriber.Resources = _subscriber.Resources!.Add(resource);
        EnqueueAcknowledgement("subscribed", resource, requestId);
    }

    private void Unsubscribe(string resource, ReadOnlyMemory<byte> requestId)
    {
        ParseResources([resource], "resource");
        _subscriber!.Resources = _subscriber.Resources!.Remove(resource);
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
        _subscriber!.Enqueue(StreamItem.OutOfStream(new(type, "", new(Callers.Everyone), data.Span)));
    }

    /// <summary>Sends queued events: changes of resources, and events about the connection itself.</summary>
    private async Task SendEventsAsync(EventSubscriber subscriber)
    {
        try
        {
            await foreach (var item in subscriber.Subscription?.ReadAllAsync(subscriber.Ended) ?? subscriber.ReadQueueAsync(subscriber.Ended))
            {
                var position = subscriber.Subscription?.Token;
                position?.Advance(item);
                // The additional event that contains the entity under its own name is for other kinds of subscribers.
                if (item.Event is { } e && (e.Name == LiveEvent.ResourceUpdateEvent || e.Resource.Length == 0)) await SendAsync(AddResumeToken(e, position));
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
            End((int)WebSocketCloseStatus.InternalServerError, "Live events are unavailable. Reconnect with the id of the last message.");
        }
    }

    private async Task InvokeAsync(WebSocketMessage message, ReadOnlyMemory<byte> requestId)
    {
        try
        {
            // Each call has its own trace, because the trace of the connection would never end.
            Activity.Current = null;
            using var span = Source.StartActivity("tool_invoke", ActivityKind.Server);
            var text = Encoding.UTF8.GetString(requestId.Span).Trim('"');
            var label = RequestIds.IsValid(text) ? text : Guid.CreateVersion7().ToString();
            span?.SetTag("medcor.request_id", label);
            try
            {
                var caller = _subscriber!.Caller;
                if (!tokens.IsStillValid(caller))
                    throw new Unauthenticated(ErrorCodes.AuthInvalid, "The access token is no longer valid. Send auth with a new one.");
                await quota.ChargeAsync(caller);
                if (requestId.IsEmpty) throw new ValidationFailed("request_id", "is required: it identifies the response");
                var request = ToolRequest.Parse(new(message.Bytes), out var key, "type", "request_id");
                using var response = await invoker.InvokeAsync(new(caller, $"Bearer {_subscriber.Token}", label, http.PeerAddress(), "websocket"), request,
                    key, _disconnected.Token);
                if (response.Status == 200) await SendResultAsync(requestId, response);
                else
                    await SendAsync(json => WriteError(json, LiveEvent.ToolResponseEvent, requestId,
                        JsonSerializer.Deserialize<ErrorEnvelope>(response.Body.Span, Json.Options)!.Error));
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

    private void CloseFor(DisconnectReason reason)
    {
        if (reason == DisconnectReason.TooSlow) End(TooSlow, "The client reads more slowly than events arrive. Reconnect with the id of the last message.");
        else if (reason == DisconnectReason.Unauthenticated) End(Unauthorized, "The access token is no longer valid.");
        else if (reason == DisconnectReason.ServerStopping)
            End((int)WebSocketCloseStatus.EndpointUnavailable, "The server is stopping. Reconnect with the id of the last message.");
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
            using var timeout = new CancellationTokenSource(within, clock);
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, timeout.Token);
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
    private Task SendResultAsync(ReadOnlyMemory<byte> requestId, ToolResponse response)
    {
        var head = Write(json => WriteHead(json, LiveEvent.ToolResponseEvent, requestId));
        var end = Write(json =>
        {
            if (response.IsReplay) json.WriteBoolean("idempotent_replayed"u8, true);
            WriteTimestamp(json, clock.GetUtcNow());
        });
        return SendAsync((byte[])[.. head[..^1].Span, .. ",\"result\":"u8], response.Body, (byte[])[(byte)',', .. end[1..].Span]);
    }

    private Task SendAsync(ReadOnlyMemory<byte> text) => SendAsync(text, default, default);

    private async Task SendAsync(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, ReadOnlyMemory<byte> third)
    {
        await _sending.WaitAsync(_disconnected.Token);
        try
        {
            if (_isClosed) return;
            // Canceling a send aborts the connection.
            using var timeout = new CancellationTokenSource(SendTimeout, clock);
            var isWhole = third.IsEmpty;
            await socket.SendAsync(first, WebSocketMessageType.Text, isWhole, timeout.Token);
            if (isWhole) return;
            // Sent in several frames, because each frame is copied before it is sent.
            for (; second.Length > 0; second = second[Math.Min(MaxFrameSize, second.Length)..])
                await socket.SendAsync(second[..Math.Min(MaxFrameSize, second.Length)], WebSocketMessageType.Text, endOfMessage: false, timeout.Token);
            await socket.SendAsync(third, WebSocketMessageType.Text, endOfMessage: true, timeout.Token);
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
    private static ReadOnlyMemory<byte> AddResumeToken(LiveEvent e, ResumeToken? position)
    {
        // Every event's data begins with its type.
        var rest = e.Data.Span[($"{{\"type\":\"{e.Name}\"".Length)..];
        var text = new ArrayBufferWriter<byte>(e.Data.Length + ResumeToken.MaxLength + 32);
        text.Write("{\"type\":\""u8);
        text.Write(Encoding.ASCII.GetBytes(e.Name == LiveEvent.ErrorEvent ? "error" : e.Name));
        text.Write("\""u8);
        if (position is not null)
        {
            text.Write(",\"id\":\""u8);
            text.Advance(position.WriteTo(text.GetSpan(ResumeToken.MaxLength)));
            text.Write("\""u8);
        }
        text.Write(rest);
        return text.WrittenMemory;
    }

    private static ImmutableHashSet<string> ParseResources(IReadOnlyCollection<string> resources, string field)
    {
        var unknown = resources.Except(LiveResources.All.Keys).ToArray();
        return unknown.Length == 0 ? [.. resources] : throw new ValidationFailed(field, EventSubscriptions.FormatUnknown(unknown));
    }

    private Problem ToProblem(Exception e, string? label = null) =>
        ErrorResponseWriter.ToProblem(ErrorResponseWriter.ToApiException(e, http), label ?? http.RequestId(), clock.GetUtcNow());

    public void Dispose()
    {
        _connectionLease?.Dispose();
        _sending.Dispose();
        _calls.Dispose();
        _disconnected.Dispose();
        _subscriber?.Dispose();
    }
}
