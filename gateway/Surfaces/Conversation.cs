using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Access;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.Surfaces;

/// <summary>One WebSocket: messages come in one after the other, calls run side by side, and each reply and event goes out as soon as it is there.</summary>
internal sealed class Conversation(
    HttpContext http, WebSocket socket, UncutConnection connection, IDisposable place, Entrance entrance, Standing standing, Listeners listeners, TokenCheck check, Door door, WaitingBytes waiting, TimeProvider clock)
    : IDisposable
{
    public const int Unauthorized = 4401;
    public const int TooSlow = 4408;
    public const int TooMany = 4429;
    private const int TryAgainLater = 1013;

    /// <summary>Calls that are under way or whose replies are not taken yet. No further message is read before one of them is done: so no replies pile up.</summary>
    private const int MostCalls = 16;

    /// <summary>Messages before <c>auth</c> that are none, or bad ones. With the last of them the connection is closed.</summary>
    private const int MostMistaken = 3;

    private const int FrameSize = 64 * 1024;

    private static readonly TimeSpan AuthWithin = TimeSpan.FromSeconds(10);

    /// <summary>Who does not take a message within this time is cut off.</summary>
    private static readonly TimeSpan SendWithin = TimeSpan.FromSeconds(30);

    /// <summary>How long a last message, or the answer to a close, may take before the connection is cut.</summary>
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(5);

    private static readonly ActivitySource Source = new("MedCor.Gateway");

    private readonly SemaphoreSlim sending = new(1);
    private readonly SemaphoreSlim calls = new(MostCalls);
    private readonly CancellationTokenSource gone = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
    private readonly TaskCompletionSource<(int Code, string Reason)> ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Listener? listener;
    private ITimer? authTimer;
    private Task telling = Task.CompletedTask;
    private IDisposable? placeOfTheirs;
    private int mistaken;
    private bool isClosed;
    private bool isFaulted;

    /// <summary>Holds the conversation until one side ends it.</summary>
    /// <param name="known">Who they are, where the request said so.</param>
    /// <param name="resources">What they subscribed to in the address; null for nothing.</param>
    /// <param name="after">The place from which they go on.</param>
    public async Task Hold((Caller Caller, string Token)? known, ImmutableHashSet<string>? resources, Place? after)
    {
        var receiving = Task.CompletedTask;
        try
        {
            if (known is var (caller, token)) await Welcome(caller, token, resources ?? [], after, default);
            else authTimer = clock.CreateTimer(_ => End(Unauthorized, "No auth came within 10 seconds."), null, AuthWithin, Timeout.InfiniteTimeSpan);

            receiving = Receive();
            await Task.WhenAny(receiving, ending.Task);
            if (!ending.Task.IsCompleted)
            {
                await Close((int)WebSocketCloseStatus.NormalClosure, "", CloseWithin);
                return;
            }
            var (code, reason) = await ending.Task;
            // Who stops answers first what was asked: the other side would not know whether it was done.
            if (code == (int)WebSocketCloseStatus.EndpointUnavailable) await AllAnswered();
            // Who reads slowly gets as long for the last message as for any other.
            var within = code == TooSlow ? SendWithin : CloseWithin;
            await Close(code, reason, within);
            await HearClose(receiving, within);
        }
        finally
        {
            authTimer?.Dispose();
            listener?.End(Ending.Left);
            await gone.CancelAsync();
            // What tells of a fault has been written by then, and is sent only if the connection is not cut.
            if (!isFaulted) connection.Cut();
            await receiving;
            await telling;
            await AllAnswered();
            // Last: until then they might still have been given a seat.
            if (listener is not null) listeners.Leave(listener);
        }
    }

    private async Task Receive()
    {
        try
        {
            while (await SocketMessage.Receive(socket, waiting.Begin(listener is null ? Address.Of(http) : Entrance.NameOf(listener.Caller)), Longest(), clock, Late) is { } message)
            {
                if (message.IsTooLarge) End((int)WebSocketCloseStatus.MessageTooBig, $"A message is larger than {(listener is null ? "16 KiB, and the first must be auth" : "1 MiB")}.");
                // What comes after the end is dropped: who still sends hears the end only if they are not cut off.
                if (ending.Task.IsCompleted) message.Dispose();
                else await Take(message);
            }
        }
        catch (WebSocketException e) when (e.WebSocketErrorCode == WebSocketError.Faulted)
        {
            // They broke the protocol, or sent text that is none: the platform has closed with 1002 or 1007 before it threw.
            isFaulted = true;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection broke, or was cut.
        }
        catch (Refusal e)
        {
            End(e is Unavailable ? TryAgainLater : TooMany, e.Message);
        }

        int Longest() => listener is null ? SocketMessage.LongestOfStranger : MedCorService.LargestBody;
        void Late() => End((int)WebSocketCloseStatus.PolicyViolation, "A message was not whole within 10 seconds.");
    }

    private async Task Take(SocketMessage message)
    {
        var isKept = false;
        ReadOnlyMemory<byte> requestId = default;
        try
        {
            (var type, requestId) = await Read(message);
            if (listener is null && type != "auth") throw new Unauthenticated(ErrorCodes.AuthRequired, "Send {\"type\": \"auth\", \"token\": …} first.");
            if (listener is not null && type != "tool_invoke") await entrance.Count(listener.Caller);
            switch (type)
            {
                case "auth":
                    await Authenticate(Params<Auth>.Read(message.Bytes, "message"), requestId);
                    break;
                case "tool_invoke":
                    await calls.WaitAsync(gone.Token);
                    isKept = true;
                    _ = Invoke(message, requestId);
                    break;
                case "subscribe":
                    await Subscribe(Params<Subscription>.Read(message.Bytes, "message").Resource, requestId);
                    break;
                case "unsubscribe":
                    Unsubscribe(Params<Subscription>.Read(message.Bytes, "message").Resource, requestId);
                    break;
                default:
                    throw new Invalid("type", $"must be auth, tool_invoke, subscribe or unsubscribe{DidYouMean.Hint(type, ["auth", "tool_invoke", "subscribe", "unsubscribe"])}");
            }
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            await Send(json => Complain(json, "error", requestId, AsProblem(e)));
            if (listener is null && (e is Unauthenticated || ++mistaken == MostMistaken)) End(Unauthorized, "The first message must be auth, with a token that is valid.");
        }
        finally
        {
            if (!isKept) message.Dispose();
        }
    }

    /// <summary>What kind of message it is, and its label. One that is none counts as a call as well. Throws <see cref="Invalid"/>, or <see cref="TooMany"/>.</summary>
    private async ValueTask<(string Type, ReadOnlyMemory<byte> RequestId)> Read(SocketMessage message)
    {
        try
        {
            return message.Read();
        }
        catch (Invalid) when (listener is not null)
        {
            await entrance.Count(listener.Caller);
            throw;
        }
    }

    private async Task Authenticate(Auth asked, ReadOnlyMemory<byte> requestId)
    {
        Place? after = null;
        var resources = Known(asked.Resources ?? [], "resources");
        if (asked.LastEventId is { } id && !Place.TryParse(id, out after)) throw new Invalid("last_event_id", "is not the id of an event");
        var caller = await check.Check(asked.Token, gone.Token);
        Listeners.Permit(caller, resources);
        if (listener is null)
        {
            await entrance.Count(caller);
            try
            {
                placeOfTheirs = standing.Socket(caller);
            }
            catch (Refusal refusal)
            {
                await Send(json => Complain(json, "error", requestId, AsProblem(refusal)));
                End(refusal is Unavailable ? TryAgainLater : TooMany, refusal.Message);
                return;
            }
            place.Dispose();
            await Welcome(caller, asked.Token, resources, after, requestId);
            return;
        }
        if (caller.UserId != listener.Caller.UserId || caller.HospitalId != listener.Caller.HospitalId) throw new Forbidden("This connection is another user's. Open one of your own.");
        listener.Renew(caller, asked.Token);
        listener.RenewAt = Renewal.DueFor(caller, clock.GetUtcNow());
        await Send(json => Authenticated(json, caller, requestId));
        foreach (var resource in resources) await Subscribe(resource, requestId);
    }

    private async Task Welcome(Caller caller, string token, ImmutableHashSet<string> resources, Place? after, ReadOnlyMemory<byte> requestId)
    {
        authTimer?.Dispose();
        var welcomed = new Listener(caller, token, hearsAnswers: false) { Resources = resources };
        welcomed.Ended.Register(() => EndAs(welcomed.Ending));
        listener = welcomed;
        listeners.Attend(welcomed);
        await Send(json => Authenticated(json, caller, requestId));
        try
        {
            if (!resources.IsEmpty) await listeners.Sit(welcomed, after);
            foreach (var resource in resources) Acknowledge("subscribed", resource, requestId);
        }
        catch (Exception e) when (e is not (OperationCanceledException or WebSocketException))
        {
            // They may still call; what they wanted to hear they ask for again.
            welcomed.Resources = [];
            await Send(json => Complain(json, "error", requestId, AsProblem(e)));
        }
        telling = Tell(welcomed);
    }

    private async Task Subscribe(string resource, ReadOnlyMemory<byte> requestId)
    {
        Known([resource], "resource");
        Listeners.Permit(listener!.Caller, [resource]);
        if (listener.Seat is null) await listeners.Sit(listener, after: null);
        listener.Resources = listener.Resources!.Add(resource);
        Acknowledge("subscribed", resource, requestId);
    }

    private void Unsubscribe(string resource, ReadOnlyMemory<byte> requestId)
    {
        Known([resource], "resource");
        listener!.Resources = listener.Resources!.Remove(resource);
        Acknowledge("unsubscribed", resource, requestId);
    }

    /// <summary>Takes its turn among what is heard: so its id is the place that is reached with all that was sent before it, and none before it is of the other kind.</summary>
    private void Acknowledge(string type, string resource, ReadOnlyMemory<byte> requestId)
    {
        var data = Write(json =>
        {
            Head(json, type, requestId);
            json.WriteString("resource"u8, resource);
        });
        listener!.Offer(Heard.Aside(new(type, "", new(Callers.Everyone), data.Span)));
    }

    /// <summary>Sends what is heard: changes, and what concerns the connection itself.</summary>
    private async Task Tell(Listener to)
    {
        try
        {
            await foreach (var heard in to.Seat?.Events(to.Ended) ?? to.Handed(to.Ended))
            {
                var place = to.Seat?.Place;
                place?.Reach(heard);
                // An entity that is told under a name of its own besides is for listeners of another kind.
                if (heard.Event is { } e && (e.Name == LiveEvent.ResourceUpdate || e.Resource.Length == 0)) await Send(Framed(e, place));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            // They left, or are asked to.
        }
        catch (Exception e)
        {
            // Redis went away while what was missed was read: they come back and go on from where they were.
            ProblemWriter.AsRefusal(e, http);
            End((int)WebSocketCloseStatus.InternalServerError, "Live events are away at present. Come back with the id of the last message.");
        }
    }

    private async Task Invoke(SocketMessage message, ReadOnlyMemory<byte> requestId)
    {
        try
        {
            // A trace per call: the connection's own would never end.
            Activity.Current = null;
            using var span = Source.StartActivity("tool_invoke", ActivityKind.Server);
            var written = Encoding.UTF8.GetString(requestId.Span).Trim('"');
            var label = RequestIds.IsLabel(written) ? written : Guid.CreateVersion7().ToString();
            span?.SetTag("medcor.request_id", label);
            try
            {
                var caller = listener!.Caller;
                if (!check.StillCounts(caller)) throw new Unauthenticated(ErrorCodes.AuthInvalid, "The access token is not valid, or no longer. Send auth with another.");
                await entrance.Count(caller);
                if (requestId.IsEmpty) throw new Invalid("request_id", "is required: by it you know the answer");
                var call = ToolCall.Read(new(message.Bytes), out var key, "type", "request_id");
                using var answer = await door.Invoke(new(caller, $"Bearer {listener.Token}", label, http.PeerAddress(), "websocket"), call, key, gone.Token);
                if (answer.Status == 200) await SendResult(requestId, answer);
                else await Send(json => Complain(json, LiveEvent.ToolResponse, requestId, JsonSerializer.Deserialize<ErrorEnvelope>(answer.Body.Span, Json.Options)!.Error));
            }
            catch (Exception e) when (e is not WebSocketException && !gone.IsCancellationRequested)
            {
                await Send(json => Complain(json, LiveEvent.ToolResponse, requestId, AsProblem(e, label)));
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // They are gone.
        }
        finally
        {
            message.Dispose();
            calls.Release();
        }
    }

    private void EndAs(Ending why)
    {
        if (why == Ending.TooSlow) End(TooSlow, "You read more slowly than events come. Come back with the id of the last message.");
        else if (why == Ending.Unauthenticated) End(Unauthorized, "The token is not valid any more.");
        else if (why == Ending.Stopping) End((int)WebSocketCloseStatus.EndpointUnavailable, "This server stops. Come back with the id of the last message.");
    }

    private void End(int code, string reason) => ending.TrySetResult((code, reason));

    /// <summary>Waits until the other side closes; not for ever.</summary>
    private async Task HearClose(Task receiving, TimeSpan within)
    {
        try
        {
            await receiving.WaitAsync(within, clock);
        }
        catch (TimeoutException)
        {
            // They do not: they are cut off.
        }
    }

    /// <summary>Waits until no call is under way; not for ever.</summary>
    private async Task AllAnswered()
    {
        var free = 0;
        while (free < MostCalls && await calls.WaitAsync(Passage.Patience + CloseWithin)) free++;
        if (free > 0) calls.Release(free);
    }

    private async Task Close(int code, string reason, TimeSpan within)
    {
        if (!await sending.WaitAsync(within)) return;
        try
        {
            isClosed = true;
            using var patience = new CancellationTokenSource(within, clock);
            await socket.CloseOutputAsync((WebSocketCloseStatus)code, reason, patience.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is gone already.
        }
        finally
        {
            sending.Release();
        }
    }

    private Task Send(Action<Utf8JsonWriter> write) => Send(Write(write));

    /// <summary>Sends what a tool answered around the bytes that it is, which may be many.</summary>
    private Task SendResult(ReadOnlyMemory<byte> requestId, ToolAnswer answer)
    {
        var head = Write(json => Head(json, LiveEvent.ToolResponse, requestId));
        var tail = Write(json =>
        {
            if (answer.IsReplay) json.WriteBoolean("idempotent_replayed"u8, true);
            At(json, clock.GetUtcNow());
        });
        return Send((byte[])[.. head[..^1].Span, .. ",\"result\":"u8], answer.Body, (byte[])[(byte)',', .. tail[1..].Span]);
    }

    private Task Send(ReadOnlyMemory<byte> text) => Send(text, default, default);

    private async Task Send(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second, ReadOnlyMemory<byte> third)
    {
        await sending.WaitAsync(gone.Token);
        try
        {
            if (isClosed) return;
            // A send that is cancelled cuts the connection.
            using var patience = new CancellationTokenSource(SendWithin, clock);
            var isWhole = third.IsEmpty;
            await socket.SendAsync(first, WebSocketMessageType.Text, isWhole, patience.Token);
            if (isWhole) return;
            // In pieces: a frame is copied before it is sent.
            for (; second.Length > 0; second = second[Math.Min(FrameSize, second.Length)..])
                await socket.SendAsync(second[..Math.Min(FrameSize, second.Length)], WebSocketMessageType.Text, endOfMessage: false, patience.Token);
            await socket.SendAsync(third, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
        }
        finally
        {
            sending.Release();
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

    private static void Complain(Utf8JsonWriter json, string type, ReadOnlyMemory<byte> requestId, Problem problem)
    {
        Head(json, type, requestId);
        json.WriteString("error"u8, $"{problem.Code}: {problem.Message}");
        json.WriteString("code"u8, problem.Code);
        json.WritePropertyName("details"u8);
        JsonSerializer.Serialize(json, problem.Details, Json.Options);
        if (problem.RetryAfter is { } seconds) json.WriteNumber("retry_after"u8, seconds);
        At(json, problem.Timestamp);
    }

    private static void Authenticated(Utf8JsonWriter json, Caller caller, ReadOnlyMemory<byte> requestId)
    {
        Head(json, "auth_success", requestId);
        json.WriteString("user_id"u8, caller.UserId);
        json.WritePropertyName("expires_at"u8);
        JsonSerializer.Serialize(json, caller.ExpiresAt, Json.Options);
    }

    private static void Head(Utf8JsonWriter json, string type, ReadOnlyMemory<byte> requestId)
    {
        json.WriteString("type"u8, type);
        if (requestId.IsEmpty) return;
        json.WritePropertyName("request_id"u8);
        json.WriteRawValue(requestId.Span, skipInputValidation: true);
    }

    private static void At(Utf8JsonWriter json, DateTimeOffset now)
    {
        json.WritePropertyName("timestamp"u8);
        JsonSerializer.Serialize(json, now, Json.Options);
    }

    /// <summary>An event with the place that is reached with it. Clients know what concerns the connection as <c>error</c>.</summary>
    private static ReadOnlyMemory<byte> Framed(LiveEvent e, Place? place)
    {
        // Every event's data begins with its type.
        var rest = e.Data.Span[($"{{\"type\":\"{e.Name}\"".Length)..];
        var text = new ArrayBufferWriter<byte>(e.Data.Length + Place.Longest + 32);
        text.Write("{\"type\":\""u8);
        text.Write(Encoding.ASCII.GetBytes(e.Name == LiveEvent.ErrorEvent ? "error" : e.Name));
        text.Write("\""u8);
        if (place is not null)
        {
            text.Write(",\"id\":\""u8);
            text.Advance(place.WriteTo(text.GetSpan(Place.Longest)));
            text.Write("\""u8);
        }
        text.Write(rest);
        return text.WrittenMemory;
    }

    private static ImmutableHashSet<string> Known(IReadOnlyCollection<string> resources, string field)
    {
        var unknown = resources.Except(Listeners.Resources).ToArray();
        return unknown.Length == 0 ? [.. resources] : throw new Invalid(field, Listeners.NotKnown(unknown));
    }

    private Problem AsProblem(Exception e, string? label = null) => ProblemWriter.AsProblem(ProblemWriter.AsRefusal(e, http), label ?? http.RequestId(), clock.GetUtcNow());

    public void Dispose()
    {
        placeOfTheirs?.Dispose();
        sending.Dispose();
        calls.Dispose();
        gone.Dispose();
        listener?.Dispose();
    }
}
