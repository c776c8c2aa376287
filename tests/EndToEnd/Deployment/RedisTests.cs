using System.Net;
using System.Text.Json.Nodes;
using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.Deployment;

public class RedisTests
{
    /// <summary>No service is told which node Sentinel promotes. The test performs the promotion itself.</summary>
    [OverlayFact]
    public async Task A_service_that_knows_all_three_finds_the_new_master_by_itself()
    {
        await using RedisServer first = new(), second = new(), third = new();
        using ConnectionMultiplexer one = await first.Start(), two = await second.Start(), three = await third.Start();
        await Follow(two, one);
        await Follow(three, one);
        var given = Overlay.Get("production").Services.First().Containers.Single().Items("env").Single(e => e.Text("name") == "ConnectionStrings__control")
            .Text("value")!.Split(',');
        // The servers of the test have no logins and no certificates.
        var options = given.Where(part => part.Contains('=', StringComparison.Ordinal) && part.Split('=')[0] is not ("user" or "ssl"));
        using var service = await ConnectionMultiplexer.ConnectAsync(
            MedCorDefaults.ConfigureRedis(ConfigurationOptions.Parse(string.Join(',', [Address(one), Address(two), Address(three), .. options]))));
        await Wait.Until(() => Writes(service, "before"), "the master takes a write");
        await Wait.Until(async () => await two.GetDatabase().StringGetAsync("key") == "before", "the write has reached the replica");

        await first.Kill();
        await two.GetDatabase().ExecuteAsync("REPLICAOF", "NO", "ONE");
        await Follow(three, two);

        await Wait.Until(() => Writes(service, "after"), "the new master takes a write", TimeSpan.FromSeconds(30));
        Assert.Equal("after", (string?)await two.GetDatabase().StringGetAsync("key"));
    }

    /// <summary>Redis adds to Sentinel's configuration file at run time, and the file must survive a change of the password.</summary>
    [OverlayFact]
    public async Task A_sentinel_that_starts_again_has_the_new_password_and_what_it_had_learnt()
    {
        const string Learnt = "sentinel known-replica medcor redis-1.redis 6379";
        var files = Overlay.Get("production").OfKind("ConfigMap").Select(c => (JsonObject)c["data"]!).First(d => d.ContainsKey("sentinel.sh"));
        var folder = Directory.CreateTempSubdirectory("medcor-sentinel-").FullName;
        try
        {
            var script = ((string)files["sentinel.sh"]!).Replace("/etc/redis", folder, StringComparison.Ordinal).Replace("exec redis-server", "true",
                StringComparison.Ordinal);
            script = script.Replace("/data", $"{folder}/data", StringComparison.Ordinal);
            var kept = Directory.CreateDirectory($"{folder}/data").FullName + "/sentinel.conf";
            await File.WriteAllTextAsync($"{folder}/sentinel.conf", (string)files["sentinel.conf"]!);

            await Start(script, "former");
            await File.AppendAllLinesAsync(kept, [Learnt]);
            await Start(script, "new");

            var lines = await File.ReadAllLinesAsync(kept);
            Assert.Equal(["sentinel auth-pass medcor new"], lines.Where(l => l.StartsWith("sentinel auth-pass", StringComparison.Ordinal)));
            Assert.Contains(Learnt, lines);
            Assert.Single(lines, "sentinel monitor medcor redis-0.redis 6379 2");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static Task Start(string script, string password) => ChildProcess.RunSuccessfully(
            new("sh", ["-c", script]) { Environment = { ["HOSTNAME"] = "redis-0", ["REDIS_PASSWORD"] = password } });
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
