using System.Globalization;

namespace MedCor.Gateway.LiveEvents;

/// <summary>A place in a stream. Numbers count every event of the stream, so that one that is missing shows.</summary>
/// <param name="Epoch">Since when, in milliseconds, Redis is known to have lost nothing: a later epoch begins whenever it may have.</param>
/// <param name="Number">How many events the stream has had, this one included.</param>
internal readonly record struct StreamId(long Epoch, long Number) : IComparable<StreamId>
{
    /// <summary>Whether nothing is missing between a place and this one, the next.</summary>
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
