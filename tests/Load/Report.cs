using System.Globalization;
using System.Runtime.InteropServices;

namespace MedCor.Load;

/// <summary>Collects the measurements and prints them at the end.</summary>
internal sealed class Report
{
    private readonly List<(string Label, string? Value)> _lines = [];

    /// <summary>Gets a description of this machine.</summary>
    public static string Machine =>
        $"{Environment.ProcessorCount} processors, which clients and servers share; "
            + $"{Memory(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)} of memory; "
            + $"{RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}";

    public void Begin(string section) => _lines.Add((section, null));

    public void Add(string label, string value) => _lines.Add((label, value));

    public void Print()
    {
        var width = _lines.Where(l => l.Value is not null).Max(l => l.Label.Length);
        Console.WriteLine($"\nOn {Machine}");
        foreach (var (label, value) in _lines) Console.WriteLine(value is null ? $"\n{label}" : $"  {label.PadRight(width)}  {value}");
    }

    /// <summary>Formats the median with the minimum and the maximum.</summary>
    public static string Spread(IEnumerable<TimeSpan> times) =>
        Spread(times.Select(t => t.TotalMilliseconds), ms => string.Create(CultureInfo.InvariantCulture, $"{ms:N0} ms"));

    /// <inheritdoc cref="Spread(IEnumerable{TimeSpan})" />
    public static string Spread(IEnumerable<double> values, Func<double, string> format)
    {
        double[] sorted = [.. values.Order()];
        return $"{format(Median(sorted))} ({format(sorted[0])} to {format(sorted[^1])})";
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Returns the value that the given percentage of values does not exceed.</summary>
    /// <param name="sorted">The values in ascending order.</param>
    public static TimeSpan Percentile(TimeSpan[] sorted, int percent) => sorted[(int)Math.Ceiling(sorted.Length * percent / 100.0) - 1];

    public static string Memory(double bytes) => Math.Abs(bytes) switch
    {
        >= 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 30):N1} GiB"),
        >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 20):N1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1 << 10):N1} KiB"),
    };
}
