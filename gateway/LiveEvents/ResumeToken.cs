using System.Text.Unicode;

namespace MedCor.Gateway.LiveEvents;

/// <summary>How far a listener has come in each of their streams: the id of what they heard last, by which they go on at any replica.</summary>
internal sealed class ResumeToken(StreamId[] reached)
{
    /// <summary>Longer than any place is.</summary>
    public const int MaxLength = 160;

    /// <summary>No listener has more streams.</summary>
    private const int MostStreams = 3;

    public StreamId this[int stream] => reached[stream];

    /// <summary>How many streams it is a place in.</summary>
    public int StreamCount => reached.Length;

    /// <summary>Reads an id. False when it is none that MedCor wrote.</summary>
    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ResumeToken? place)
    {
        place = null;
        var parts = text.Length <= MaxLength ? text.Split('.', MostStreams + 1) : [];
        var ids = new StreamId[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!StreamId.TryParse(parts[i], out ids[i])) return false;
        if (parts.Length is 0 or > MostStreams) return false;
        place = new(ids);
        return true;
    }

    /// <summary>Goes on to what was heard in one stream.</summary>
    public void Advance(in StreamItem item)
    {
        if (item.StreamIndex >= 0) reached[item.StreamIndex] = item.Position;
    }

    /// <summary>Writes the id, which is ASCII, and tells how many bytes it has.</summary>
    /// <param name="to">At least <see cref="MaxLength"/> bytes.</param>
    public int WriteTo(Span<byte> to)
    {
        var length = 0;
        for (var i = 0; i < reached.Length; i++)
        {
            if (i > 0) to[length++] = (byte)'.';
            Utf8.TryWrite(to[length..], $"{reached[i].Epoch}-{reached[i].Number}", out var written);
            length += written;
        }
        return length;
    }
}

/// <summary>What a listener is told: an event, where a stream has come, or both.</summary>
/// <param name="Event">None where only the place moves on, beyond events that are not for them.</param>
/// <param name="StreamIndex">Which of their streams moves on to <paramref name="Position"/>; negative for none.</param>
internal readonly record struct StreamItem(LiveEvent? Event, int StreamIndex, StreamId Position)
{
    /// <summary>Something that stands in no stream.</summary>
    public static StreamItem OutOfStream(LiveEvent e) => new(e, -1, default);
}
