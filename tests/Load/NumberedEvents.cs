using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace MedCor.Load;

/// <summary>
/// Creates and recognizes events that carry a number in the code of a new department, so that an event is identified without parsing all of its JSON.
/// </summary>
internal static class NumberedEvents
{
    /// <summary>A prefix that is unique to this run.</summary>
    private static readonly string Prefix = $"load-{Random.Shared.Next():x8}-";

    private static readonly byte[] Field = Encoding.ASCII.GetBytes($"\"code\":\"{Prefix}");

    private static int _issued;

    /// <summary>Reserves the given count of unused numbers and returns the first of them.</summary>
    public static int Reserve(int count) => Interlocked.Add(ref _issued, count) - count;

    public static string Code(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}");

    /// <summary>Returns the number of an event; -1 when the event has none of this run.</summary>
    public static int NumberOf(ReadOnlySpan<byte> e)
    {
        var start = e.IndexOf(Field);
        return start >= 0 && Utf8Parser.TryParse(e[(start + Field.Length)..], out int number, out _) ? number : -1;
    }

    /// <summary>Returns the time at which the event happened.</summary>
    public static DateTime TimestampOf(ReadOnlySpan<byte> e)
    {
        var field = "\"timestamp\":\""u8;
        var text = e[(e.LastIndexOf(field) + field.Length)..];
        return DateTimeOffset.Parse(Encoding.ASCII.GetString(text[..text.IndexOf((byte)'"')]), CultureInfo.InvariantCulture).UtcDateTime;
    }
}
