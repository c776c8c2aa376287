using System.Text.Unicode;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Represents a subscriber's position in each of its streams: the id of the last entry received, from which it can resume at any replica.
/// </summary>
internal sealed class ResumeToken(StreamId[] positions)
{
    /// <summary>The maximum length of a token, with a margin.</summary>
    public const int MaxLength = 160;

    /// <summary>The maximum number of streams of a subscriber.</summary>
    private const int MaxStreams = 3;

    public StreamId this[int stream] => positions[stream];

    /// <summary>Gets the number of streams in the token.</summary>
    public int StreamCount => positions.Length;

    /// <summary>Parses a token. Returns false when the text is not a token that MedCor wrote.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ResumeToken? token)
    {
        token = null;
        var parts = text.Length <= MaxLength ? text.Split('.', MaxStreams + 1) : [];
        var ids = new StreamId[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!StreamId.TryParse(parts[i], out ids[i])) return false;
        if (parts.Length is 0 or > MaxStreams) return false;
        token = new(ids);
        return true;
    }

    /// <summary>Advances the token to the position of an item.</summary>
    public void Advance(in StreamItem item)
    {
        if (item.StreamIndex >= 0) positions[item.StreamIndex] = item.Position;
    }

    /// <summary>Writes the token in ASCII and returns its length in bytes.</summary>
    /// <param name="buffer">A buffer of at least <see cref="MaxLength"/> bytes.</param>
    public int WriteTo(Span<byte> buffer)
    {
        var length = 0;
        for (var i = 0; i < positions.Length; i++)
        {
            if (i > 0) buffer[length++] = (byte)'.';
            Utf8.TryWrite(buffer[length..], $"{positions[i].Epoch}-{positions[i].Number}", out var bytesWritten);
            length += bytesWritten;
        }
        return length;
    }
}

/// <summary>Represents an item for a subscriber: an event, a new position in a stream, or both.</summary>
/// <param name="Event">The event; null when only the position advances past events that the subscriber did not receive.</param>
/// <param name="StreamIndex">The index of the stream that advances to <paramref name="Position"/>; negative for none.</param>
internal readonly record struct StreamItem(LiveEvent? Event, int StreamIndex, StreamId Position)
{
    /// <summary>Creates an item that belongs to no stream.</summary>
    public static StreamItem OutOfStream(LiveEvent e) => new(e, -1, default);
}
