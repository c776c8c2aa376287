using System.ComponentModel.DataAnnotations;
using System.Net.WebSockets;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.Validation;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>Represents a message received over a WebSocket, in a rented buffer. Dispose of it.</summary>
internal sealed class WebSocketMessage : IDisposable
{
    /// <summary>The time from its first byte within which a message must be complete.</summary>
    internal static readonly TimeSpan ReceiveTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The maximum length of a message before authentication, which contains only a token and a few names.</summary>
    internal const int MaxAnonymousLength = 16 * 1024;

    private const int InitialBufferSize = 4096;
    private const int MaxRequestIdLength = 128;

    private static readonly string[] Fields = ["type", "request_id"];

    private readonly BufferedBytesLimiter.BufferLease _lease;
    private readonly int _maxLength;
    private byte[] _buffer = [];
    private int _length;

    private WebSocketMessage(BufferedBytesLimiter.BufferLease lease, int maxLength) => (_lease, _maxLength) = (lease, maxLength);

    /// <summary>Gets whether the message is too long, and therefore incomplete.</summary>
    public bool IsTooLarge => _length > _maxLength;

    public bool IsText { get; private set; } = true;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>
    /// Receives the next message; returns null when the peer closes the connection. A message that is too long is not read to its end. No memory is held
    /// before the first byte arrives. Throws <see cref="Unavailable"/> or <see cref="RateLimited"/> when there is no memory for the message.
    /// </summary>
    /// <param name="lease">The lease that counts the memory.</param>
    /// <param name="maxLength">The maximum length in bytes.</param>
    /// <param name="onTimeout">
    /// A callback that is called when the message is not complete in time. Reading continues: the callback must end the connection.
    /// </param>
    public static async Task<WebSocketMessage?> ReceiveAsync(WebSocket socket, BufferedBytesLimiter.BufferLease lease, int maxLength,
        TimeProvider clock, Action onTimeout)
    {
        var part = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        var message = new WebSocketMessage(lease, maxLength);
        await using var timeout = part.EndOfMessage ? null : clock.CreateTimer(_ => onTimeout(), null, ReceiveTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    message.Dispose();
                    return null;
                }
                message._length += part.Count;
                message.IsText = part.MessageType == WebSocketMessageType.Text;
                if (part.EndOfMessage || message.IsTooLarge) return message;
                part = await socket.ReceiveAsync(message.GetSpace(), CancellationToken.None);
            }
        }
        catch
        {
            message.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns the type of the message and its raw <c>request_id</c>, which is empty when absent. Throws <see cref="ValidationFailed"/> when it is not a
    /// valid message.
    /// </summary>
    public (string Type, ReadOnlyMemory<byte> RequestId) ReadEnvelope()
    {
        if (!IsText) throw new ValidationFailed("message", "must be text");
        var type = "";
        ReadOnlyMemory<byte> requestId = default;
        var envelope = new EnvelopeReader(new(Bytes), "message", depth: 1, Fields) { HasOtherFields = true };
        while (envelope.Read(out var field))
        {
            var value = envelope.Value;
            var text = value.TokenType == JsonTokenType.String ? ClientJson.ReadText(ref value) : "";
            if (text is null) envelope.AddError(field, ValidationErrors.NotUnicode);
            else if (field == "type") type = text;
            else if (value.TokenType == JsonTokenType.Null) requestId = default;
            else if (value.TokenType is not (JsonTokenType.String or JsonTokenType.Number) || envelope.ValueBytes.Length > MaxRequestIdLength)
                envelope.AddError(field, "must be text or a number, of at most 128 bytes");
            else requestId = envelope.ValueBytes.First;
        }
        envelope.Complete();
        return (type, requestId);
    }

    public void Dispose()
    {
        var released = Interlocked.Exchange(ref _buffer, []);
        _length = 0;
        if (released.Length > 0) BufferedBytesLimiter.Arrays.Return(released);
        _lease.Dispose();
    }

    private Memory<byte> GetSpace()
    {
        if (_length == _buffer.Length)
        {
            var size = Math.Max(InitialBufferSize, _buffer.Length * 2);
            _lease.Resize(size);
            var larger = BufferedBytesLimiter.Arrays.Rent(size);
            Bytes.CopyTo(larger);
            if (_buffer.Length > 0) BufferedBytesLimiter.Arrays.Return(_buffer);
            _buffer = larger;
        }
        return _buffer.AsMemory(_length);
    }
}

/// <summary>Represents the first message, which authenticates the connection. Later messages of this type renew the token of the same user.</summary>
/// <param name="Token">The access token.</param>
/// <param name="Resources">The resources to subscribe to immediately.</param>
/// <param name="LastEventId">
/// The <c>id</c> of the last message of an earlier connection: the missed changes of <paramref name="Resources"/> are delivered first.
/// </param>
internal sealed record AuthMessage(
    string Type,
    [property: Opaque, Length(1, 4096)] string Token,
    [property: Length(1, 32), EachElementLength(1, 100)] IReadOnlyList<string>? Resources = null,
    [property: Opaque, Length(1, ResumeToken.MaxLength)] string? LastEventId = null,
    JsonElement? RequestId = null);

/// <summary>Represents a request to subscribe to the changes of a resource or to unsubscribe from them.</summary>
internal sealed record SubscriptionMessage(string Type, [property: Length(1, 100)] string Resource, JsonElement? RequestId = null);
