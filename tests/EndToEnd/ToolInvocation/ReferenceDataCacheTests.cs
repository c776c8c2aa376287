using System.Net;
using System.Text;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Gateway.ToolInvocation;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.ToolInvocation;

public sealed class ReferenceDataCacheTests
{
    [Fact]
    public async Task A_response_is_cached_until_a_write_at_any_replica()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        using ReferenceDataCache one = On(redis), other = On(redis);
        var service = new CountingService();

        for (var i = 0; i < 3; i++) Assert.Equal("0", await service.ReadThrough(one));
        Assert.Equal(1, service.Asked);

        await service.WriteThrough(other);

        Assert.Equal("1", await service.ReadThrough(one));
        Assert.Equal("1", await service.ReadThrough(one));
        Assert.Equal(2, service.Asked);
    }

    [Fact]
    public async Task Kinds_of_callers_and_parameters_are_kept_apart()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        using var references = On(redis);
        var service = new CountingService();

        await service.ReadThrough(references, Callers.Nurse, "{}");
        await service.ReadThrough(references, Callers.Platform, "{}");
        await service.ReadThrough(references, Callers.Nurse, """{"page":2}""");

        Assert.Equal(3, service.Asked);
    }

    [Fact]
    public async Task The_cache_is_bypassed_during_a_write_and_after_one_with_unknown_outcome()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        using ReferenceDataCache one = On(redis), other = On(redis);
        var service = new CountingService();
        await service.ReadThrough(one);

        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        var writing = other.WriteAsync(async () =>
        {
            begun.SetResult();
            await end.Task;
            throw new Unavailable("broke off");
        });
        await begun.Task;
        await service.ReadThrough(one);
        await service.ReadThrough(one);
        Assert.Equal(3, service.Asked);

        end.SetResult();
        await Assert.ThrowsAsync<Unavailable>(() => writing);
        await service.ReadThrough(one);
        await service.ReadThrough(one);
        Assert.Equal(5, service.Asked);
    }

    [Fact]
    public async Task The_write_marker_of_a_crashed_gateway_expires()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        using var references = On(redis);
        var service = new CountingService();
        await redis.GetDatabase().SortedSetAddAsync("medcor:reference:writes", "of the dead", DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);

        await service.ReadThrough(references);
        await service.ReadThrough(references);
        Assert.Equal(2, service.Asked);

        await Wait.Until(async () =>
        {
            var before = service.Asked;
            await service.ReadThrough(references);
            return service.Asked == before;
        }, "answers are kept again", TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_Redis_restart_without_the_last_write_serves_nothing_stale(bool knowsEarlierOnes)
    {
        const string Generation = "medcor:reference:generation";
        await using var server = new RedisServer();
        using var redis = await server.Start();
        using ReferenceDataCache one = On(redis), other = On(redis);
        var service = new CountingService();
        Assert.Equal("0", await service.ReadThrough(one));
        var before = await redis.GetDatabase().StringGetAsync(Generation);
        await service.WriteThrough(other);

        await server.Kill();
        using var again = await server.Start();
        if (knowsEarlierOnes) await again.GetDatabase().StringSetAsync(Generation, before);

        await Wait.Until(async () =>
        {
            var asked = service.Asked;
            Assert.Equal("1", await service.ReadThrough(one));
            return service.Asked == asked;
        }, "answers are kept again");
    }

    [Fact]
    public async Task While_Redis_is_unavailable_nothing_is_cached_and_writes_are_refused()
    {
        using var nowhere = ConnectionMultiplexer.Connect(
            new ConfigurationOptions { EndPoints = { { IPAddress.Loopback, 1 } }, AbortOnConnectFail = false, ConnectTimeout = 100 });
        using var references = On(nowhere);
        var service = new CountingService();

        await service.ReadThrough(references);
        await service.ReadThrough(references);
        Assert.Equal(2, service.Asked);
        await Assert.ThrowsAsync<Unavailable>(() => service.WriteThrough(references));
        Assert.Equal("0", await service.ReadThrough(references));
    }

    /// <summary>The service delays its answer after a change, and reads take time too, so that reads and writes overtake each other in every order.</summary>
    [Fact]
    public async Task With_reads_and_writes_racing_no_read_is_older_than_the_last_completed_write()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        using ReferenceDataCache one = On(redis), other = On(redis);
        ReferenceDataCache[] replicas = [one, other];
        var service = new CountingService { IsSlow = true };
        var (answered, reads, stop) = (0, 0, false);

        var readers = Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            while (!Volatile.Read(ref stop))
            {
                var least = Volatile.Read(ref answered);
                Assert.InRange(int.Parse(await service.ReadThrough(replicas[n % 2]), System.Globalization.CultureInfo.InvariantCulture), least, int.MaxValue);
                Interlocked.Increment(ref reads);
            }
        })).ToArray();
        for (var round = 0; round < 300; round++)
        {
            var written = await service.WriteThrough(replicas[round % 2]);
            Volatile.Write(ref answered, written);
            Assert.Equal(written, int.Parse(await service.ReadThrough(replicas[(round + 1) % 2]), System.Globalization.CultureInfo.InvariantCulture));
            // From time to time, enough reads that a response is cached, which the next write must invalidate.
            if (round % 3 == 0) for (var i = 0; i < 20; i++) await service.ReadThrough(replicas[i % 2]);
        }
        Volatile.Write(ref stop, true);
        await Task.WhenAll(readers);

        Assert.True(service.Asked < reads, $"Of {reads} reads {service.Asked} were asked for: nothing was kept.");
    }

    [Fact]
    public async Task A_changed_specialty_is_visible_at_once_at_the_other_gateway()
    {
        ApiClient[] admins = [await ApiClient.LogIn(TestUser.PlatformAdminEmail), await ApiClient.LogIn(TestUser.PlatformAdminEmail, gateway: 1)];
        var code = $"T{Guid.NewGuid():N}"[..20].ToUpperInvariant();
        var id = (await admins[0].Call<Specialty>("create_specialty", new { code, name = $"{code} 0" })).Id;
        async Task<string> Name(int gateway) => (await admins[gateway].Call<Page<Specialty>>("list_specialties", new { search = code })).Results.Single().Name;
        var stop = false;
        var readers = Enumerable.Range(0, 2).Select(gateway => Task.Run(async () =>
        {
            while (!Volatile.Read(ref stop)) await Name(gateway);
        })).ToArray();

        for (var round = 1; round <= 40; round++)
        {
            await admins[round % 2].Call("update_specialty", new { specialty_id = id, name = $"{code} {round}" });
            Assert.Equal($"{code} {round}", await Name((round + 1) % 2));
        }

        Volatile.Write(ref stop, true);
        await Task.WhenAll(readers);
    }

    [Fact]
    public void Every_tool_that_changes_cached_data_is_marked_as_reference_data()
    {
        var kept = ToolCatalogue.All.Values.Where(t => t is { IsReferenceData: true, Effect: Effect.Read }).ToArray();

        Assert.NotEmpty(kept);
        foreach (var read in kept)
            Assert.DoesNotContain(ToolCatalogue.All.Values, t => t.Effect != Effect.Read && !t.IsReferenceData && t.Service == read.Service
                && (t.Result == read.Result || read.Result.GenericTypeArguments.Contains(t.Result)));
    }

    private static ReferenceDataCache On(ConnectionMultiplexer redis) =>
        new(redis, Options.Create(new ReferenceDataCacheOptions()), NullLogger<ReferenceDataCache>.Instance);

    /// <summary>Represents a service whose data is a number that every write increments.</summary>
    private sealed class CountingService
    {
        private int _value;
        private int _asked;

        public bool IsSlow { get; init; }

        public int Asked => _asked;

        public async Task<string> ReadThrough(ReferenceDataCache references, Callers kind = Callers.Nurse, string parameters = "{}")
        {
            using var answer = await references.ReadAsync(kind, new(ToolCatalogue.All["list_specialties"], new(Encoding.UTF8.GetBytes(parameters))), async () =>
            {
                Interlocked.Increment(ref _asked);
                await AWhile();
                var read = Volatile.Read(ref _value);
                await AWhile();
                return Answer(read);
            });
            return Encoding.UTF8.GetString(answer.Body.Span);
        }

        public async Task<int> WriteThrough(ReferenceDataCache references)
        {
            using var answer = await references.WriteAsync(async () =>
            {
                await AWhile();
                var written = Interlocked.Increment(ref _value);
                await AWhile();
                return Answer(written);
            });
            return int.Parse(answer.Body.Span, System.Globalization.CultureInfo.InvariantCulture);
        }

        private static ToolResponse Answer(int value) =>
            ToolResponse.FromCached(Encoding.UTF8.GetBytes(value.ToString(System.Globalization.CultureInfo.InvariantCulture)));

        private async Task AWhile()
        {
            for (var i = IsSlow ? Random.Shared.Next(20) : 0; i > 0; i--) await Task.Yield();
        }
    }
}
