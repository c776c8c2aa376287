namespace MedCor.Load;

/// <summary>Measures how long a single event takes to reach all subscribers.</summary>
internal static class FanOutMeasurement
{
    public static async Task Measure(MeasuredSystem system, SubscriberGroup crowd, LoadUser admin, int events, Report report)
    {
        Console.WriteLine($"{events} events to {crowd.Size:N0} listeners");
        List<FanOutResult> all = [];
        var (gateways, here) = (Gateways(system), Environment.CpuUsage.TotalTime);
        for (var i = 0; i < events; i++)
        {
            all.Add(await One(crowd, admin));
            Console.WriteLine($"  {i + 1} of {events}: {all[^1].Last.TotalMilliseconds:N0} ms to the last");
        }
        var deliveries = (double)crowd.Size * events;
        var (atGateways, atListeners) = ((Gateways(system) - gateways) / deliveries, (Environment.CpuUsage.TotalTime - here) / deliveries);

        report.Begin($"One event to {crowd.Size:N0} listeners: time since it happened, median of {events} (least to most)");
        report.Add("call answered", Report.Spread(all.Select(t => t.Answered)));
        report.Add("first listener", Report.Spread(all.Select(t => t.First)));
        report.Add("median", Report.Spread(all.Select(t => t.Median)));
        report.Add("99th percentile", Report.Spread(all.Select(t => t.Percentile99)));
        report.Add("last listener", Report.Spread(all.Select(t => t.Last)));
        report.Add("processor per delivery, all told",
            $"{atGateways.TotalMicroseconds:N1} µs at the gateways, {atListeners.TotalMicroseconds:N1} µs at the listeners");
        report.Add("memory after that", string.Join(", ", system.Gateways.Select(g => $"{g.Name} {Report.Memory(g.Memory)}")));
    }

    private static async Task<FanOutResult> One(SubscriberGroup crowd, LoadUser admin)
    {
        DateTime answered = default;
        var round = await crowd.Measure(1, async number =>
        {
            await admin.CreateEvent(number);
            answered = DateTime.UtcNow;
        });
        var delays = round.Delays;
        return new(answered - round.OccurredAt, delays[0], Report.Percentile(delays, 50), Report.Percentile(delays, 99), delays[^1]);
    }

    private static TimeSpan Gateways(MeasuredSystem system) => system.Gateways.Aggregate(TimeSpan.Zero, (sum, g) => sum + g.Cpu);

    /// <summary>Represents how one event spread, as delays since it happened.</summary>
    private sealed record FanOutResult(TimeSpan Answered, TimeSpan First, TimeSpan Median, TimeSpan Percentile99, TimeSpan Last);
}
