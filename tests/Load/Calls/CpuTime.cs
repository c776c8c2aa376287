using System.Globalization;

namespace MedCor.Load.Calls;

/// <summary>Reads the CPU time of processes from <c>/proc</c>.</summary>
internal static class CpuTime
{
    /// <summary>The unit of CPU times in <c>/proc</c>, on every architecture that .NET runs on: USER_HZ.</summary>
    private const int TicksPerSecond = 100;

    /// <summary>
    /// Returns the CPU time, in milliseconds, that each process and its descendants have used so far. Descendants that have ended are included, because their
    /// parent has inherited their times.
    /// </summary>
    public static Dictionary<string, double> Read(IReadOnlyList<(string Name, int Id)> processes)
    {
        var all = new Dictionary<int, (int Parent, long Ticks)>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id) && ReadStat(directory) is { } stat) all[id] = stat;

        var children = all.ToLookup(process => process.Value.Parent, process => process.Key);
        return processes.ToDictionary(process => process.Name, process => Total(process.Id) * 1000.0 / TicksPerSecond);

        long Total(int id) =>
            (all.TryGetValue(id, out var stat) ? stat.Ticks : throw new MeasurementException($"Process {id} has ended.")) + children[id].Sum(Total);
    }

    private static (int Parent, long Ticks)? ReadStat(string directory)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(directory, "stat"));
            // The second field is the program's name in parentheses, which may contain anything. utime, stime, cutime and cstime are fields 14 to 17.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[11..15].Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            // The process has just ended.
            return null;
        }
    }
}
