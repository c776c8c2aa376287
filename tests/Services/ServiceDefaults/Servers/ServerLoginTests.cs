using MassTransit;
using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using StackExchange.Redis;
using Bus = MedCor.ServiceDefaults.Messaging.Bus;

namespace MedCor.Tests.Services.ServiceDefaults.Servers;

/// <summary>Tests that a process uses a changed password without a restart.</summary>
public sealed class ServerLoginTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public async Task Redis_is_reconnected_to_with_the_new_password_while_it_accepts_both_and_afterwards()
    {
        await using var server = new RedisServer();
        using var admin = await server.Start();
        await SetPasswords(admin, "former");
        await File.WriteAllTextAsync(_file, "former");
        var options = ConfigurationOptions.Parse($"{server.Address},user=billing");
        RedisConnections.Configure(Configuration())(options);
        using var redis = await ConnectionMultiplexer.ConnectAsync(options);
        Assert.Equal("billing", (string?)await redis.GetDatabase().ExecuteAsync("ACL", "WHOAMI"));

        await SetPasswords(admin, "former", "new");
        await File.WriteAllTextAsync(_file, "new former\n");
        await Disconnect(admin, redis);
        await SetPasswords(admin, "new");
        await Disconnect(admin, redis);

        Assert.Equal("billing", (string?)await redis.GetDatabase().ExecuteAsync("ACL", "WHOAMI"));
    }

    [Fact]
    public async Task RabbitMQ_is_connected_to_with_the_password_of_the_file_that_it_accepts()
    {
        var configuration = await BrokerConfiguration();
        var right = (await MedCorFixture.Get()).BrokerPassword;
        var login = new ServerLogin(configuration);
        var security = new TransportSecurity(configuration, TimeProvider.System);

        foreach (var content in (string[])[right, $"{right} new", $"new {right}\n"])
        {
            await File.WriteAllTextAsync(_file, content);
            await using var connection = await Bus.ConnectAsync(configuration, login, security, CancellationToken.None);
            Assert.True(connection.IsOpen);
        }

        await File.WriteAllTextAsync(_file, "new another");
        var refused = await Assert.ThrowsAsync<ConnectionException>(() => Bus.ConnectAsync(configuration, login, security, CancellationToken.None));
        Assert.True(refused.IsTransient);
    }

    [Fact]
    public async Task The_bus_waits_until_RabbitMQ_accepts_the_login()
    {
        var house = await MedCorFixture.Get();
        var configuration = await BrokerConfiguration();
        await File.WriteAllTextAsync(_file, "unknown");
        var queue = $"test_{Guid.NewGuid():N}";
        var services = new ServiceCollection().AddLogging().AddSingleton<ServerLogin>().AddSingleton(configuration);
        services.AddBus(configuration, queue, []);
        await using var provider = services.BuildServiceProvider();
        var bus = provider.GetRequiredService<IBusControl>();
        var started = bus.StartAsync();
        await Wait.Until(() => Task.FromResult(bus.CheckHealth().Exception is not null), "the login is refused");
        Assert.False(started.IsCompleted);

        await File.WriteAllTextAsync(_file, $"unknown {house.BrokerPassword}");

        await started.WaitAsync(TimeSpan.FromSeconds(60));
        await bus.StopAsync();
        await using var connection = await new ConnectionFactory { Uri = new($"amqp://guest:{house.BrokerPassword}@{house.BrokerAddress}") }
            .CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false);
        await channel.ExchangeDeleteAsync(queue);
    }

    [Fact]
    public void An_address_with_a_password_or_without_a_user_is_used_as_it_is()
    {
        var login = new ServerLogin(Configuration());

        Assert.Null(login.GetBrokerLogin(new("amqp://guest:guest@localhost:5672")));
        Assert.Null(login.GetBrokerLogin(new("amqp://localhost:5672")));
        foreach (var address in (string[])["localhost:6379", "localhost:6379,user=billing,password=own", "localhost:6379,password=own"])
        {
            var options = ConfigurationOptions.Parse(address);
            var password = options.Password;
            login.ApplyTo(options);
            Assert.Equal(password, options.Password);
        }
    }

    public void Dispose() => File.Delete(_file);

    private IConfiguration Configuration(string? broker = null) => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["Servers:PasswordFile"] = _file, ["ConnectionStrings:messaging"] = broker,
    }).Build();

    private async Task<IConfiguration> BrokerConfiguration() => Configuration($"amqp://guest@{(await MedCorFixture.Get()).BrokerAddress}");

    private static Task<RedisResult> SetPasswords(ConnectionMultiplexer admin, params string[] passwords) => admin.GetDatabase().ExecuteAsync("ACL",
        (object[])["SETUSER", "billing", "on", "resetpass", .. passwords.Select(password => $">{password}"), "+@all", "~*"]);

    /// <summary>Closes the connections of the login, and waits until the client has connected again.</summary>
    private static async Task Disconnect(ConnectionMultiplexer admin, ConnectionMultiplexer redis)
    {
        await admin.GetDatabase().ExecuteAsync("CLIENT", "KILL", "USER", "billing");
        await Wait.Until(async () =>
        {
            try
            {
                await redis.GetDatabase().PingAsync();
                return true;
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                return false;
            }
        }, "the client is connected again");
    }
}
