using MedCor.ServiceDefaults;
using MedCor.ServiceDefaults.Servers;
using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

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
    public async Task RabbitMQ_is_offered_the_password_of_the_file_and_while_there_are_two_one_after_the_other()
    {
        await File.WriteAllTextAsync(_file, "former");
        var credentials = new ServerLogin(Configuration()).GetCredentials(new("amqp://billing@localhost:5672"))!;
        Assert.Equal(["former", "former"], await Ask(2));

        await File.WriteAllTextAsync(_file, "new former");
        Assert.Equal(["new", "former", "new"], await Ask(3));
        Assert.Equal("billing", (await credentials.GetCredentialsAsync()).UserName);

        async Task<IEnumerable<string>> Ask(int times)
        {
            var answers = new List<string>();
            for (var i = 0; i < times; i++) answers.Add((await credentials.GetCredentialsAsync()).Password);
            return answers;
        }
    }

    [Fact]
    public void An_address_with_a_password_or_without_a_user_is_used_as_it_is()
    {
        var login = new ServerLogin(Configuration());

        Assert.Null(login.GetCredentials(new("amqp://guest:guest@localhost:5672")));
        Assert.Null(login.GetCredentials(new("amqp://localhost:5672")));
        foreach (var address in (string[])["localhost:6379", "localhost:6379,user=billing,password=own", "localhost:6379,password=own"])
        {
            var options = ConfigurationOptions.Parse(address);
            var password = options.Password;
            login.ApplyTo(options);
            Assert.Equal(password, options.Password);
        }
    }

    public void Dispose() => File.Delete(_file);

    private IConfiguration Configuration() =>
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Servers:PasswordFile"] = _file }).Build();

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
