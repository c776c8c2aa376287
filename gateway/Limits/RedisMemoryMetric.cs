using System.Diagnostics.Metrics;
using System.Globalization;
using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Measures how much of its memory each of the two Redis servers uses. A full one refuses writes. The gateway is the program that uses both, and its logins may
/// ask for this.
/// </summary>
internal sealed class RedisMemoryMetric(IConnectionMultiplexer cache, [FromKeyedServices(RedisConnections.Control)] IConnectionMultiplexer control,
    TimeProvider clock, ILogger<RedisMemoryMetric> log) : PeriodicService(TimeSpan.FromSeconds(30), clock, log, runsAtStart: true)
{
    private static readonly Gauge<double> Memory = new Meter("MedCor").CreateGauge<double>(
        "medcor.redis.memory", description: "The part of its maximum memory that a Redis server uses; 0 where it has no maximum.");

    protected override Task RunOnceAsync(CancellationToken ct) => RecordAsync(ct);

    /// <summary>Records the memory of both servers. Throws when one does not answer, after the other was recorded.</summary>
    internal Task RecordAsync(CancellationToken ct) =>
        Task.WhenAll(RecordAsync(cache, RedisConnections.Cache, ct), RecordAsync(control, RedisConnections.Control, ct));

    private static async Task RecordAsync(IConnectionMultiplexer redis, string server, CancellationToken ct)
    {
        var memory = (string?)await redis.GetDatabase().ExecuteAsync("INFO", "memory").WaitAsync(ct);
        var (used, max) = (Find(memory, "used_memory"), Find(memory, "maxmemory"));
        Memory.Record(max > 0 ? used / max : 0, new KeyValuePair<string, object?>("server", server));
    }

    /// <summary>Returns a number of a section of Redis' report, which has a line <c>name:value</c> for each.</summary>
    private static double Find(string? section, string name)
    {
        foreach (var line in (section ?? "").Split('\n'))
            if (line.Split(':', 2) is [var key, var value] && key == name)
                return double.Parse(value.AsSpan().Trim(), CultureInfo.InvariantCulture);
        throw new FormatException($"Redis does not tell {name}.");
    }
}
