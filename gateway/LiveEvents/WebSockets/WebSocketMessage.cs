using System.ComponentModel.DataAnnotations;
using System.Net.WebSockets;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.Limits;
using MedCor.Validation;

namespace MedCor.Gateway.LiveEvents.WebSockets;

/// <summary>A message as it came over a WebSocket, in memory that is borrowed: dispose of it.</summary>
internal sealed class WebSocketMessage : IDisposable
{
    /// <summary>A message must be whole within this time from its first byte on.</summary>
    internal static readonly TimeSpan ReceiveTimeout = TimeSpan.FromSeconds(10);

    /// <summary>A message of somebody who has yet to say who they are: a token and a few names.</summary>
    internal const int MaxAnonymousLength = 16 * 1024;

    private const int InitialBufferSize = 4096;
    private const int MaxRequestIdLength = 128;

    private readonly BufferedBytesLimiter.BufferLease _lease;
    private readonly int _maxLength;
    private byte[] _buffer = [];
    private int _length;

    private WebSocketMessage(BufferedBytesLimiter.BufferLease held, int most) => (_lease, _maxLength) = (held, most);

    /// <summary>Whether it is longer than it may be, and so not whole.</summary>
    public bool IsTooLarge => _length > _maxLength;

    public bool IsText { get; private set; } = true;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>
    /// The next message; null when the other side closes. One that is too large is not read to its end. Until the first byte arrives no memory is held for it.
    /// Throws <see cref="Unavailable"/> or <see cref="RateLimited"/> where there is no memory for it.
    /// </summary>
    /// <param name="lease">Counts the memory.</param>
    /// <param name="maxLength">How many bytes it may have.</param>
    /// <param name="onTimeout">Is called when the message is not whole in time. Reading goes on: it is for who is called to end the connection.</param>
    public static async Task<WebSocketMessage?> ReceiveAsync(WebSocket socket, BufferedBytesLimiter.BufferLease lease, int maxLength, TimeProvider clock, Action onTimeout)
    {
        var part = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        var message = new WebSocketMessage(lease, maxLength);
        await using var patience = part.EndOfMessage ? null : clock.CreateTimer(_ => onTimeout(), null, ReceiveTimeout, Timeout.InfiniteTimeSpan);
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
    /// What kind of message it is, and its <c>request_id</c> as it was written; empty when it has none. Throws <see cref="ValidationFailed"/> when it is not a message.
    /// </summary>
    public (string Type, ReadOnlyMemory<byte> RequestId) ReadEnvelope()
    {
        if (!IsText) throw new ValidationFailed("message", "must be text");
        string? type = null;
        ReadOnlyMemory<byte>? requestId = null;
        var mistakes = new Dictionary<string, List<string>>();
        try
        {
            var reader = new Utf8JsonReader(Bytes.Span);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new ValidationFailed("message", "must be an object with the field type");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                if (reader.ValueTextEquals("type"u8))
                {
                    if (type is not null) mistakes.AddError("type", "is given twice");
                    reader.Read();
                    type = reader.TokenType == JsonTokenType.String ? reader.GetString() : "";
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("request_id"u8))
                {
                    if (requestId is not null) mistakes.AddError("request_id", "is given twice");
                    reader.Read();
                    var start = (int)reader.TokenStartIndex;
                    var isLabel = reader.TokenType is JsonTokenType.String or JsonTokenType.Number;
                    reader.Skip();
                    var written = Bytes[start..(int)reader.BytesConsumed];
                    if (!isLabel || written.Length > MaxRequestIdLength) mistakes.AddError("request_id", "must be text or a number, of at most 128 bytes");
                    else requestId = written;
                }
                else
                {
                    reader.Skip();
                }
            // Whatever follows the object is malformed.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter on half a surrogate pair and on bytes that are not UTF-8
        {
            throw new ValidationFailed("message", ClientJson.TooDeep(new(Bytes), around: 1) ?? "must be well-formed JSON");
        }
        if (type is null) mistakes.AddError("type", "is required");
        return mistakes.Count == 0 ? (type!, requestId ?? default) : throw new ValidationFailed(mistakes);
    }

    public void Dispose()
    {
        var gone = Interlocked.Exchange(ref _buffer, []);
        _length = 0;
        if (gone.Length > 0) BufferedBytesLimiter.Arrays.Return(gone);
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

/// <summary>The first message: who they are. Later, a newer token of the same user.</summary>
/// <param name="Token">An access token.</param>
/// <param name="Resources">What to subscribe to at once.</param>
/// <param name="LastEventId">The <c>id</c> of the last message that they had before: they get first what they missed of <paramref name="Resources"/>.</param>
internal sealed record AuthMessage(
    string Type,
    [property: Opaque, Length(1, 4096)] string Token,
    [property: Length(1, 32), EachElementLength(1, 100)] IReadOnlyList<string>? Resources = null,
    [property: Opaque, Length(1, ResumeToken.MaxLength)] string? LastEventId = null,
    JsonElement? RequestId = null);

/// <summary>Asks for the changes of a resource, or for no more of them.</summary>
internal sealed record SubscriptionMessage(string Type, [property: Length(1, 100)] string Resource, JsonElement? RequestId = null);
