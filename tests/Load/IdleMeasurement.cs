namespace MedCor.Load;

/// <summary>Measures the memory that an idle subscriber costs: the growth of the gateways' memory while subscribers connect.</summary>
internal static class IdleMeasurement
{
    public static async Task<SubscriberGroup> Measure(MeasuredSystem system, IReadOnlyList<LoadUser> accounts, int size, Report report)
    {
        var before = await Memory(system);
        Console.WriteLine($"{size:N0} listeners");
        var crowd = await SubscriberGroup.Connect(system.Gateways, accounts, size);
        var after = await Memory(system);

        var share = size / (double)system.Gateways.Count;
        double[] each = [.. before.Zip(after, (b, a) => (a - b) / share)];
        report.Begin($"{size:N0} idle listeners");
        foreach (var (gateway, i) in system.Gateways.Select((g, i) => (g, i)))
            report.Add($"{gateway.Name}, {share:N0} of them",
                $"{Report.Memory(before[i])} before, {Report.Memory(after[i])} with them: {Report.Memory(each[i])} per listener");
        report.Add("memory per listener", Report.Memory(each.Average()));
        return crowd;
    }

    private static async Task<long[]> Memory(MeasuredSystem system)
    {
        Console.WriteLine("  waiting for memory to settle");
        return await Task.WhenAll(system.Gateways.Select(g => g.SettledMemory()));
    }
}
