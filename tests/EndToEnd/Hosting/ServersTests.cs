using MedCor.AppHost.Processes;
using Npgsql;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.Hosting;

[Collection(HostCollection.Name)]
public sealed class ServersTests(HostFixture running)
{
    private HostProcess Host => running.Host;

    [Fact]
    public async Task A_killed_PostgreSQL_comes_back_at_its_address_with_what_was_committed()
    {
        var connectionString = Host.ConnectionString("postgres") + ";Database=clinicaldb";
        await Execute(connectionString, "CREATE TABLE visits (id int); INSERT INTO visits VALUES (7)");

        await Host.KillAndRecover("postgres");

        Assert.Equal(7, await Execute(connectionString, "SELECT id FROM visits"));
    }

    [Fact]
    public async Task A_killed_Redis_comes_back_at_its_address_with_what_was_written()
    {
        var connectionString = Host.ConnectionString("cache");
        using (var before = await ConnectionMultiplexer.ConnectAsync(connectionString))
        {
            await before.GetDatabase().StringSetAsync("key", "value");
        }

        await Host.KillAndRecover("cache");

        using var after = await ConnectionMultiplexer.ConnectAsync(connectionString);
        Assert.Equal("value", (string?)await after.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task A_killed_RabbitMQ_comes_back_at_its_address_with_what_was_confirmed()
    {
        var factory = new ConnectionFactory { Uri = new Uri(Host.ConnectionString("messaging")) };
        await using (var connection = await factory.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true,
            publisherConfirmationTrackingEnabled: true)))
        {
            await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false,
                arguments: new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
            await channel.BasicPublishAsync("", "kept", mandatory: true, new BasicProperties { Persistent = true }, "a message"u8.ToArray());
        }

        // RabbitMQ writes a new quorum queue's directory to disk half a second late. Killed in between, it would look in another directory.
        var names = Path.Combine(running.Data, "messaging", "data", "medcor@localhost", "quorum", "medcor@localhost", "names.dets");
        await Wait.Until(async () => (await File.ReadAllBytesAsync(names)).AsSpan().IndexOf("_kept"u8) >= 0, "the queue is on disk");
        await Host.KillAndRecover("messaging");

        await using var again = await factory.CreateConnectionAsync();
        await using var reader = await again.CreateChannelAsync();
        BasicGetResult? message = null;
        // The queue elects its leader after the broker has begun to listen.
        await Wait.Until(async () => (message = await reader.BasicGetAsync("kept", autoAck: true)) is not null, "the message is there");
        Assert.Equal("a message"u8.ToArray(), message!.Body.ToArray());
    }

    [Fact]
    public void Servers_listen_on_loopback_only()
    {
        var listeners = System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();

        Assert.All(["postgres", "cache", "messaging", "messaging/epmd", "messaging/node"], server =>
        {
            var port = Host.Port(server);
            Assert.Contains(listeners, listener => listener.Port == port);
            Assert.All(listeners.Where(listener => listener.Port == port), listener => Assert.True(System.Net.IPAddress.IsLoopback(listener.Address)));
        });
    }

    private static async Task<object?> Execute(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}

public sealed class SeparateServersTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("medcor-servers-").FullName;

    [Fact]
    public async Task Servers_end_with_the_host_and_have_their_data_and_address_in_the_next_start_until_that_forgets_them()
    {
        string connectionString;
        (int Pid, long Started)[] processes;
        await using (var first = await Start())
        {
            connectionString = first.ConnectionString("cache");
            processes = first.Processes();
            using var redis = await ConnectionMultiplexer.ConnectAsync(connectionString);
            await redis.GetDatabase().StringSetAsync("key", "value");
        }

        Assert.All(processes, process => Assert.False(ProcessTable.IsAlive(process.Pid, process.Started)));

        await using (var second = await Start())
        {
            Assert.Equal(connectionString, second.ConnectionString("cache"));
            using var redis = await ConnectionMultiplexer.ConnectAsync(connectionString);
            Assert.Equal("value", (string?)await redis.GetDatabase().StringGetAsync("key"));
            Assert.All(["passwords.json", "run.json"],
                file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Path.Combine(_data, file)).UnixFileMode));
        }

        await using (await Start("--reset"))
        {
            using var redis = await ConnectionMultiplexer.ConnectAsync(connectionString);
            Assert.False(await redis.GetDatabase().KeyExistsAsync("key"));
        }
    }

    [Fact]
    public async Task PostgreSQL_runs_also_where_its_user_could_not_go()
    {
        // Inaccessible to other users, as /root is.
        var closed = Directory.CreateTempSubdirectory("medcor-closed-");
        await using (await HostProcess.Start("stores", Path.Combine(closed.FullName, "data"), ["--no-dashboard"]))
        {
        }

        var cluster = new DirectoryInfo(Path.Combine(closed.FullName, "data", "postgres"));
        Assert.Equal(Environment.IsPrivilegedProcess, cluster.LinkTarget is not null);
        if (cluster.LinkTarget is { } elsewhere)
        {
            Directory.Delete(Path.GetDirectoryName(elsewhere)!, recursive: true);
        }

        closed.Delete(recursive: true);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private Task<HostProcess> Start(params string[] options) => HostProcess.Start("stores", _data, ["--no-dashboard", .. options]);
}
