using MedCor.Hosting;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;
using Npgsql;
using RabbitMQ.Client;
using StackExchange.Redis;

namespace MedCor.Tests.AppHost.Servers;

[Collection(SharedHost.Name)]
public sealed class ServersTests(RunningHost host)
{
    [Fact]
    public async Task A_killed_PostgreSQL_comes_back_at_its_address_with_what_was_committed()
    {
        var connectionString = (await host.Application.GetConnectionStringAsync("clinicaldb"))! + ";Pooling=false";
        await Execute(connectionString, "CREATE TABLE visits (id int); INSERT INTO visits VALUES (7)");

        await host.KillAndRecover("postgres");

        Assert.Equal(7, await Execute(connectionString, "SELECT id FROM visits"));
    }

    [Fact]
    public async Task A_killed_Redis_comes_back_at_its_address_with_what_was_written()
    {
        var connectionString = await host.Application.GetConnectionStringAsync("cache");
        using (var before = await ConnectionMultiplexer.ConnectAsync(connectionString!))
        {
            await before.GetDatabase().StringSetAsync("key", "value");
        }

        await host.KillAndRecover("cache");

        using var after = await ConnectionMultiplexer.ConnectAsync(connectionString!);
        Assert.Equal("value", (string?)await after.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task A_killed_RabbitMQ_comes_back_at_its_address_with_what_was_confirmed()
    {
        var factory = new ConnectionFactory { Uri = new Uri((await host.Application.GetConnectionStringAsync("messaging"))!) };
        await using (var connection = await factory.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)))
        {
            await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false, arguments: new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
            await channel.BasicPublishAsync("", "kept", mandatory: true, new BasicProperties { Persistent = true }, "a message"u8.ToArray());
        }

        // RabbitMQ notes a new quorum queue's directory on disk half a second late; killed in between, it would look in another one.
        var names = Path.Combine(host.Data, "messaging", "data", "medcor@localhost", "quorum", "medcor@localhost", "names.dets");
        await EndToEnd.Wait.Until(async () => (await File.ReadAllBytesAsync(names)).AsSpan().IndexOf("_kept"u8) >= 0, "the queue is on disk");
        await host.KillAndRecover("messaging");

        await using var again = await factory.CreateConnectionAsync();
        await using var reader = await again.CreateChannelAsync();
        BasicGetResult? message = null;
        // The queue elects its leader after the broker has begun to listen.
        await EndToEnd.Wait.Until(async () => (message = await reader.BasicGetAsync("kept", autoAck: true)) is not null, "the message is there");
        Assert.Equal("a message"u8.ToArray(), message!.Body.ToArray());
    }

    [Fact]
    public void Servers_listen_on_loopback_only()
    {
        var ports = host.Application.Instances.Select(instance => instance.Resource).OfType<ServerResource>().Select(server => server.Port).ToList();
        var listeners = System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();

        foreach (var port in ports)
        {
            Assert.All(listeners.Where(listener => listener.Port == port), listener => Assert.True(System.Net.IPAddress.IsLoopback(listener.Address)));
        }
    }

    private static async Task<object?> Execute(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}

public sealed class ServersOnTheirOwnTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("medcor-servers-").FullName;

    [Fact]
    public async Task Servers_are_gone_after_dispose_and_have_their_data_and_address_in_the_next_start()
    {
        string? connectionString;
        List<(int Pid, long Started)> processes;
        await using (var first = Build())
        {
            await first.StartAsync();
            connectionString = await first.GetConnectionStringAsync("cache");
            processes = [.. first.Instances.Select(instance => (instance.Status.Pid!.Value, ProcessTable.StartOf(instance.Status.Pid!.Value)))];
            using var redis = await ConnectionMultiplexer.ConnectAsync(connectionString!);
            await redis.GetDatabase().StringSetAsync("key", "value");
        }

        Assert.All(processes, process => Assert.False(ProcessTable.IsAlive(process.Pid, process.Started)));

        await using var second = Build();
        await second.StartAsync();
        Assert.Equal(connectionString, await second.GetConnectionStringAsync("cache"));
        using var again = await ConnectionMultiplexer.ConnectAsync(connectionString!);
        Assert.Equal("value", (string?)await again.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task Reset_forgets_the_data()
    {
        await using (var first = Build())
        {
            await first.StartAsync();
            using var redis = await ConnectionMultiplexer.ConnectAsync((await first.GetConnectionStringAsync("cache"))!);
            await redis.GetDatabase().StringSetAsync("key", "value");
        }

        await using var second = Build("--reset");
        await second.StartAsync();
        using var again = await ConnectionMultiplexer.ConnectAsync((await second.GetConnectionStringAsync("cache"))!);
        Assert.False(await again.GetDatabase().KeyExistsAsync("key"));
    }

    [Fact]
    public async Task PostgreSQL_runs_also_where_its_user_could_not_go()
    {
        // Closed to all others, as /root is.
        var closed = Directory.CreateTempSubdirectory("medcor-closed-");
        await using (var application = Build("--data", Path.Combine(closed.FullName, "data")))
        {
            await application.StartAsync();
        }

        var cluster = new DirectoryInfo(Path.Combine(closed.FullName, "data", "postgres"));
        Assert.Equal(Environment.IsPrivilegedProcess, cluster.LinkTarget is not null);
        if (cluster.LinkTarget is { } elsewhere)
        {
            Directory.Delete(Path.GetDirectoryName(elsewhere)!, recursive: true);
        }

        closed.Delete(recursive: true);
    }

    [Fact]
    public async Task Passwords_and_state_are_readable_by_their_owner_only()
    {
        await using var application = Build();
        await application.StartAsync();

        Assert.All(["passwords.json", "run.json"], file =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Path.Combine(_data, file)).UnixFileMode));
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private DistributedApplication Build(params string[] more)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = ["--data", _data, .. more], DisableDashboard = true });
        builder.AddPostgres("postgres").AddDatabase("clinicaldb");
        builder.AddRedis("cache");
        return builder.Build();
    }
}
