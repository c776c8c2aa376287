using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.Limits;

public sealed class RedisMemoryMetricTests
{
    [Fact]
    public async Task The_part_of_its_memory_that_each_Redis_uses_is_measured()
    {
        await using RedisServer limited = new(), unlimited = new();
        using ConnectionMultiplexer cache = await limited.Start(), control = await unlimited.Start();
        var database = cache.GetDatabase();
        await database.StringSetAsync("x", new byte[4_000_000]);
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "16mb");

        var measured = await Measure(cache, control);

        // The text and what Redis itself needs, of which buffers of the connection can be as large as the text.
        Assert.InRange(measured["cache"], 0.25, 0.85);
        Assert.Equal(0, measured["control"]);
    }

    [Fact]
    public async Task The_gateways_logins_may_measure_both()
    {
        var house = await MedCorFixture.Get();
        using ConnectionMultiplexer cache = await LogIn(house, "cache"), control = await LogIn(house, "control");

        var measured = await Measure(cache, control);

        Assert.Equal(["cache", "control"], measured.Keys.Order());
    }

    private static Task<ConnectionMultiplexer> LogIn(MedCorFixture house, string server) => ConnectionMultiplexer.ConnectAsync(MedCorDefaults.ConfigureRedis(
        ConfigurationOptions.Parse($"{house.GetRedisAddress(server)},user=gateway,password={house.GetPassword("gateway")}")));

    /// <summary>Returns what is recorded, by server.</summary>
    private static async Task<IReadOnlyDictionary<string, double>> Measure(IConnectionMultiplexer cache, IConnectionMultiplexer control)
    {
        using var metric = new RedisMemoryMetric(cache, control, TimeProvider.System, NullLogger<RedisMemoryMetric>.Instance);
        var measured = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, of) =>
        {
            if (instrument.Name == "medcor.redis.memory") of.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => measured[(string)tags[0].Value!] = value);
        listener.Start();
        await metric.RecordAsync(CancellationToken.None);
        return measured;
    }
}
