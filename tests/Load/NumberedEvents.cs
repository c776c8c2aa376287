using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace MedCor.Load;

/// <summary>Events that carry a number, in the code of a new department, by which they are known without reading all of their JSON.</summary>
internal static class NumberedEvents
{
    /// <summary>No other run's.</summary>
    private static readonly string Prefix = $"load-{Random.Shared.Next():x8}-";

    private static readonly byte[] Field = Encoding.ASCII.GetBytes($"\"code\":\"{Prefix}");

    private static int _issued;

    /// <summary>So many numbers that no event has; the first of them.</summary>
    public static int Reserve(int count) => Interlocked.Add(ref _issued, count) - count;

    public static string Code(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number}");

    /// <summary>The number of an event; -1 when it is another.</summary>
    public static int NumberOf(ReadOnlySpan<byte> e)
    {
        var start = e.IndexOf(Field);
        return start >= 0 && Utf8Parser.TryParse(e[(start + Field.Length)..], out int number, out _) ? number : -1;
    }

    /// <summary>When what an event tells of happened.</summary>
    public static DateTime TimestampOf(ReadOnlySpan<byte> e)
    {
        var field = "\"timestamp\":\""u8;
        var text = e[(e.LastIndexOf(field) + field.Length)..];
        return DateTimeOffset.Parse(Encoding.ASCII.GetString(text[..text.IndexOf((byte)'"')]), CultureInfo.InvariantCulture).UtcDateTime;
    }
}
