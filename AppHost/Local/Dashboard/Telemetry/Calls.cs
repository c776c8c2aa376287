namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>How often tools were called, how that ended and how long it took, from the gateways' <c>medcor.tool.duration</c>.</summary>
internal static class Calls
{
    private const string Metric = "medcor.tool.duration";

    /// <summary>All tools on the whole, and over time either all of them or one.</summary>
    public static object Describe(MetricStore metrics, Timeline time, string? tool) => metrics.Read(Metric, all =>
    {
        var series = all.Select(one => new Part(one["tool"] ?? "", OutcomeOf(one["outcome"]), one.Bounds, one.Over(time.From, time.Width, Timeline.Parts))).ToList();
        var shown = series.Where(one => tool is null || one.Tool == tool).ToList();
        return new
        {
            time.Begin,
            time.Part,
            Ok = CountsOverTime(shown, Outcome.Ok),
            Refused = CountsOverTime(shown, Outcome.Refused),
            Failed = CountsOverTime(shown, Outcome.Failed),
            P50 = LatencyOverTime(shown, 0.50),
            P95 = LatencyOverTime(shown, 0.95),
            P99 = LatencyOverTime(shown, 0.99),
            Total = Sum("", shown),
            Tools = series.GroupBy(one => one.Tool).Select(group => Sum(group.Key, [.. group])).Where(sum => sum.Calls > 0).OrderByDescending(sum => sum.Calls),
        };
    });

    // ABANDONED is the caller's doing as well: they hung up.
    private static Outcome OutcomeOf(string? outcome) => outcome switch
    {
        "OK" => Outcome.Ok,
        "SERVER_ERROR" => Outcome.Failed,
        _ => Outcome.Refused,
    };

    private static double[] CountsOverTime(List<Part> parts, Outcome outcome) => [.. Enumerable.Range(0, Timeline.Parts)
        .Select(at => parts.Where(part => part.Outcome == outcome).Sum(part => part.Over[at]?[0] ?? 0))];

    private static double?[] LatencyOverTime(List<Part> parts, double share) => [.. Enumerable.Range(0, Timeline.Parts)
        .Select(at => Latency(parts, part => part.Over[at] is { } values ? [values] : [], share))];

    private static ToolSum Sum(string tool, List<Part> parts)
    {
        double Count(Func<Part, bool> which) => parts.Where(which).Sum(part => part.Over.Sum(values => values?[0] ?? 0));
        double? Share(double share) => Latency(parts, part => part.Over.OfType<double[]>(), share);
        return new ToolSum(tool, Count(_ => true), Count(part => part.Outcome == Outcome.Refused), Count(part => part.Outcome == Outcome.Failed), Share(0.50), Share(0.95), Share(0.99));
    }

    /// <summary>In milliseconds.</summary>
    private static double? Latency(List<Part> parts, Func<Part, IEnumerable<double[]>> values, double share)
    {
        // Gateways of one build have the same bounds.
        if (parts.FirstOrDefault()?.Bounds is not { } bounds)
        {
            return null;
        }

        var sum = new double[bounds.Length + 3];
        foreach (var counts in parts.Where(part => part.Bounds.AsSpan().SequenceEqual(bounds)).SelectMany(values))
        {
            for (var index = 0; index < sum.Length; index++)
            {
                sum[index] += counts[index];
            }
        }

        return Percentile.Of(sum, bounds, share) * 1000;
    }

    private sealed record Part(string Tool, Outcome Outcome, double[] Bounds, double[]?[] Over);

    private sealed record ToolSum(string Tool, double Calls, double Refused, double Failed, double? P50, double? P95, double? P99);
}
