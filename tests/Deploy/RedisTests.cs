using System.Net;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;
using StackExchange.Redis;

namespace MedCor.Tests.Deploy;

public class RedisTests
{
    /// <summary>Whom a sentinel makes the master is told to no service; here the test does what it does.</summary>
    [OverlayFact]
    public async Task A_service_that_knows_all_three_finds_the_new_master_by_itself()
    {
        await using OwnRedis first = new(), second = new(), third = new();
        using ConnectionMultiplexer one = await first.Start(), two = await second.Start(), three = await third.Start();
        await Follow(two, one);
        await Follow(three, one);
        var given = Overlay.Of("production").Apps.First().Containers.Single().Items("env").Single(e => e.Text("name") == "ConnectionStrings__cache").Text("value")!.Split(',');
        var options = given.Where(part => part.Contains('=', StringComparison.Ordinal) && !part.StartsWith("password", StringComparison.Ordinal));
        using var service = await ConnectionMultiplexer.ConnectAsync(string.Join(',', [Address(one), Address(two), Address(three), "abortConnect=false", "connectTimeout=2000", "syncTimeout=2000", .. options]));
        await Wait.Until(() => Writes(service, "before"), "the master takes a write");
        await Wait.Until(async () => await two.GetDatabase().StringGetAsync("key") == "before", "the write has reached the replica");

        await first.Kill();
        await two.GetDatabase().ExecuteAsync("REPLICAOF", "NO", "ONE");
        await Follow(three, two);

        await Wait.Until(() => Writes(service, "after"), "the new master takes a write", TimeSpan.FromSeconds(30));
        Assert.Equal("after", (string?)await two.GetDatabase().StringGetAsync("key"));
    }

    private static async Task Follow(ConnectionMultiplexer replica, ConnectionMultiplexer master)
    {
        var address = (IPEndPoint)master.GetEndPoints().Single();
        await replica.GetDatabase().ExecuteAsync("REPLICAOF", address.Address.ToString(), address.Port);
    }

    private static string Address(ConnectionMultiplexer redis) => redis.GetEndPoints().Single().ToString()!;

    private static async Task<bool> Writes(ConnectionMultiplexer redis, string value)
    {
        try
        {
            return await redis.GetDatabase().StringSetAsync("key", value);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return false;
        }
    }
}
