using System.Diagnostics;
using MedCor.Tests;

namespace MedCor.Load.Calls;

/// <summary>Represents what MedCor used in a period.</summary>
/// <param name="CpuMilliseconds">The CPU time of each process with its descendants.</param>
/// <param name="AllocatedBytes">The bytes that the .NET processes allocated.</param>
/// <param name="RoundTrips">The requests to PostgreSQL.</param>
internal sealed record Costs(double Seconds, IReadOnlyDictionary<string, double> CpuMilliseconds, double AllocatedBytes, double RoundTrips)
{
    /// <summary>Returns these costs without those of an idle MedCor in the same time, for each of the given number of requests.</summary>
    public Costs PerRequest(Costs idle, int requests)
    {
        return new(
            Seconds / requests, CpuMilliseconds.ToDictionary(cpu => cpu.Key, cpu => Net(cpu.Value, idle.CpuMilliseconds[cpu.Key])),
            Net(AllocatedBytes, idle.AllocatedBytes), Net(RoundTrips, idle.RoundTrips));

        double Net(double used, double whileIdle) => (used - whileIdle * Seconds / idle.Seconds) / requests;
    }
}

/// <summary>Reads what MedCor has used so far.</summary>
internal sealed class CostMeter
{
    private static readonly string[] Servers = ["postgres", "cache", "control", "messaging"];

    private readonly MeasuredSystem _house;
    private readonly int[] _services;
    private readonly AllocationCounter[] _allocations;

    public CostMeter(MeasuredSystem house)
    {
        _house = house;
        _services = [.. house.Processes.Where(process => !Servers.Contains(process.Name)).Select(process => process.Id)];
        _allocations = [.. _services.Select(AllocationCounter.Start)];
    }

    /// <summary>Measures an action until its consequences have ended.</summary>
    public async Task<Costs> Measure(DatabaseWatch databases, Func<Task> action)
    {
        var (begin, cpu, allocated, roundTrips) = await Read();
        await action();
        await databases.WaitUntilQuiet();
        var after = await Read();
        return new(
            Stopwatch.GetElapsedTime(begin, after.At).TotalSeconds, after.Cpu.ToDictionary(now => now.Key, now => now.Value - cpu[now.Key]),
            after.Allocated - allocated, RoundTrips.Count(roundTrips, after.RoundTrips));
    }

    private async Task<(long At, Dictionary<string, double> Cpu, long Allocated, Dictionary<string, long> RoundTrips)> Read() =>
        (Stopwatch.GetTimestamp(), CpuTime.Read(_house.Processes), _allocations.Sum(a => a.Bytes), await RoundTrips.Read(_house.PostgresPort, _services));
}
