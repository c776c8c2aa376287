namespace MedCor.Load;

/// <summary>
/// Measures whether a subscriber that does not read delays the others or costs memory: alternates bursts of events without and with such a subscriber.
/// </summary>
internal static class BurstMeasurement
{
    /// <returns>Whether the slow reader was disconnected in every burst.</returns>
    public static async Task<bool> Measure(MeasuredSystem system, SubscriberGroup crowd, LoadUser admin, LoadUser slow, LoadOptions options, Report report)
    {
        Console.WriteLine($"Bursts of {options.Burst:N0} events to {crowd.Size:N0} listeners");
        await One(system, crowd, admin, options.Burst, null);
        List<BurstResult> without = [], with = [];
        for (var i = 0; i < options.Bursts; i++)
        {
            without.Add(await One(system, crowd, admin, options.Burst, null));
            with.Add(await One(system, crowd, admin, options.Burst, slow));
        }

        TimeSpan[] cut = [.. with.Where(t => t.CutAfter is not null).Select(t => t.CutAfter!.Value)];
        report.Begin(
            $"{options.Burst:N0} events at once to {crowd.Size:N0} listeners, without and with one more who does not read: "
                + $"median of {options.Bursts} (least to most)");
        Compare("first call to last event", t => t.Duration);
        Compare("delay, median", t => t.Median);
        Compare("delay, 99th percentile", t => t.Percentile99);
        report.Add($"growth of {system.Gateways[0].Name}", $"{Growth(without)} without, {Growth(with)} with");
        report.Add("who does not read", $"cut {cut.Length} of {with.Count} times{(cut.Length > 0 ? $", after {Report.Spread(cut)}" : "")}");
        return cut.Length == with.Count;

        void Compare(string what, Func<BurstResult, TimeSpan> figure)
        {
            var (a, b) = (without.Select(figure), with.Select(figure));
            report.Add(what,
                $"{Report.Spread(a)} without, {Report.Spread(b)} with: "
                    + $"ratio {Report.Median(b.Select(t => t.TotalSeconds)) / Report.Median(a.Select(t => t.TotalSeconds)):N2}");
        }
    }

    private static async Task<BurstResult> One(MeasuredSystem system, SubscriberGroup crowd, LoadUser admin, int burst, LoadUser? slow)
    {
        var gateway = system.Gateways[0];
        using var reader = slow is null ? null : await SlowReader.Open(gateway.LiveEvents, slow.Token);
        var (memory, begin) = (gateway.Memory, DateTime.UtcNow);
        var round = await crowd.Measure(burst, first => admin.CreateEvents(first, burst));
        var delays = round.Delays;
        var told = new BurstResult(round.CompletedAt - begin, Report.Percentile(delays, 50), Report.Percentile(delays, 99),
            gateway.Memory - memory, reader?.CutAt - begin);
        Console.WriteLine($"  {told.Duration.TotalSeconds:N1} s {(slow is null ? "without" : "with")} somebody who does not read");
        return told;
    }

    private static string Growth(List<BurstResult> bursts) => Report.Spread(bursts.Select(t => (double)t.Growth), Report.Memory);

    /// <summary>Represents the measurements of one burst.</summary>
    private sealed record BurstResult(TimeSpan Duration, TimeSpan Median, TimeSpan Percentile99, long Growth, TimeSpan? CutAfter);
}
