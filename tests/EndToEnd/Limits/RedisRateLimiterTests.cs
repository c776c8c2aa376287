using System.Net;
using MedCor.Gateway.Limits;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.Limits;

public sealed class RedisRateLimiterTests
{
    [Fact]
    public async Task Two_replicas_count_as_one_however_many_calls_come_at_once()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        RedisRateLimiter[] replicas = [On(redis), On(redis)];

        var quotas = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => replicas[i % 2].AcquireAsync("calls", "one", 50).AsTask()));

        Assert.Equal(50, quotas.Count(q => q.IsGranted));
        Assert.Equal(Enumerable.Range(0, 50), quotas.Where(q => q.IsGranted).Select(q => q.Remaining).Order());
        Assert.All(quotas, q => Assert.InRange(q.ResetSeconds, 1, RedisRateLimiter.WindowSeconds));
    }

    [Fact]
    public async Task Many_calls_are_counted_all_or_not_at_all()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var limit = On(redis);

        Assert.True((await limit.AcquireAsync("calls", "one", 10, 8)).IsGranted);
        Assert.Equal((false, 2), (await limit.AcquireAsync("calls", "one", 10, 3)) is var refused ? (refused.IsGranted, refused.Remaining) : default);
        Assert.Equal((true, 0), (await limit.AcquireAsync("calls", "one", 10, 2)) is var last ? (last.IsGranted, last.Remaining) : default);
    }

    [Fact]
    public async Task Callers_and_policies_are_counted_apart()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var limit = On(redis);

        Assert.True((await limit.AcquireAsync("calls", "one", 1)).IsGranted);
        Assert.True((await limit.AcquireAsync("calls", "other", 1)).IsGranted);
        Assert.True((await limit.AcquireAsync("logins", "one", 1)).IsGranted);
        Assert.False((await limit.AcquireAsync("calls", "one", 1)).IsGranted);
    }

    [Fact]
    public async Task Refused_calls_do_not_extend_the_window()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var limit = On(redis);
        await limit.AcquireAsync("calls", "one", 1);
        await redis.GetDatabase().KeyExpireAsync("medcor:rate:calls:one", TimeSpan.FromMilliseconds(300));

        await Wait.Until(async () => (await limit.AcquireAsync("calls", "one", 1)).IsGranted, "the window is over", TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task When_Redis_holds_as_many_counters_as_it_may_further_callers_are_counted_by_each_process()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var limit = On(redis);
        await limit.AcquireAsync("calls", "known", 2);
        await redis.GetDatabase().ScriptEvaluateAsync("for i = 2, tonumber(ARGV[1]) do redis.call('SET', i, '', 'EX', 60) end", values:
            [RedisRateLimiter.MaxCallers]);

        Assert.True((await limit.AcquireAsync("calls", "new", 1)).IsGranted);
        Assert.False((await limit.AcquireAsync("calls", "new", 1)).IsGranted);
        Assert.True((await On(redis).AcquireAsync("calls", "new", 1)).IsGranted);
        Assert.True((await limit.AcquireAsync("calls", "known", 2)).IsGranted);
        Assert.False((await On(redis).AcquireAsync("calls", "known", 2)).IsGranted);
        Assert.Equal(RedisRateLimiter.MaxCallers, (long)await redis.GetDatabase().ExecuteAsync("DBSIZE"));
    }

    [Fact]
    public async Task While_Redis_is_unavailable_each_process_enforces_the_limit_locally()
    {
        using var nowhere = ConnectionMultiplexer.Connect(
            new ConfigurationOptions { EndPoints = { { IPAddress.Loopback, 1 } }, AbortOnConnectFail = false, ConnectTimeout = 100 });
        var clock = new ManualTimeProvider();
        var limit = new RedisRateLimiter(nowhere, clock, NullLogger<RedisRateLimiter>.Instance);

        var quotas = new List<Quota>();
        for (var i = 0; i < 4; i++) quotas.Add(await limit.AcquireAsync("calls", "one", 3));
        Assert.Equal([true, true, true, false], quotas.Select(q => q.IsGranted));
        Assert.Equal([2, 1, 0, 0], quotas.Select(q => q.Remaining));

        clock.Now += TimeSpan.FromSeconds(59);
        Assert.Equal((false, 1), (await limit.AcquireAsync("calls", "one", 3)) is var refused ? (refused.IsGranted, refused.ResetSeconds) : default);
        clock.Now += TimeSpan.FromSeconds(1);
        Assert.True((await limit.AcquireAsync("calls", "one", 3)).IsGranted);
    }

    private static RedisRateLimiter On(ConnectionMultiplexer redis) => new(redis, TimeProvider.System, NullLogger<RedisRateLimiter>.Instance);
}
