using System.Globalization;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Represents a position in a stream. The numbers count every event of the stream, so that a missing one is noticed.</summary>
/// <param name="Epoch">
/// The time in milliseconds since when Redis is known to have lost nothing. A new epoch begins whenever Redis may have lost entries.
/// </param>
/// <param name="Number">The number of events that the stream has had, including this one.</param>
internal readonly record struct StreamId(long Epoch, long Number) : IComparable<StreamId>
{
    /// <summary>Returns whether this position follows another directly, with nothing missing between them.</summary>
    public bool IsNextAfter(StreamId previous) => Epoch == previous.Epoch && Number == previous.Number + 1;

    public static StreamId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("Not the id of an entry in a stream.");

    public static bool TryParse(ReadOnlySpan<char> text, out StreamId id)
    {
        id = default;
        var dash = text.IndexOf('-');
        if (dash < 0) return false;
        var parsed = long.TryParse(text[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            & long.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        id = new(epoch, number);
        return parsed;
    }

    public int CompareTo(StreamId other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Number.CompareTo(other.Number);

    public static bool operator <(StreamId a, StreamId b) => a.CompareTo(b) < 0;
    public static bool operator >(StreamId a, StreamId b) => a.CompareTo(b) > 0;
    public static bool operator <=(StreamId a, StreamId b) => a.CompareTo(b) <= 0;
    public static bool operator >=(StreamId a, StreamId b) => a.CompareTo(b) >= 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Number}");
}
