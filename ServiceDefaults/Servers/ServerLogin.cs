using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace MedCor.ServiceDefaults.Servers;

/// <summary>
/// Provides the password with which this process logs in to Redis and RabbitMQ, where a connection string names a user and no password. The file
/// <c>Servers__PasswordFile</c> contains it, and is read for each connection, so that a change needs no restart. While the password is being changed, the
/// file contains two, separated by a space: the one to use, and the other one.
/// </summary>
public sealed class ServerLogin(IConfiguration configuration)
{
    private readonly string? _file = configuration["Servers:PasswordFile"];

    /// <summary>Configures connections to Redis, which accepts both passwords while they are changed, to use the first one.</summary>
    internal void ApplyTo(ConfigurationOptions redis)
    {
        if (_file is { Length: > 0 } file && redis.User is { Length: > 0 } && string.IsNullOrEmpty(redis.Password)) redis.Defaults = new RedisPassword(file);
    }

    /// <summary>Returns the credentials for connections to RabbitMQ; null when those of the address are used.</summary>
    internal ICredentialsProvider? GetCredentials(Uri broker) =>
        _file is { Length: > 0 } file && broker.UserInfo is { Length: > 0 } user && !user.Contains(':', StringComparison.Ordinal)
            ? new BrokerCredentials(Uri.UnescapeDataString(user), file)
            : null;

    private static string[] ReadPasswords(string file) =>
        File.ReadAllText(file).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } passwords
            ? passwords
            : throw new InvalidOperationException("The file that Servers__PasswordFile names is empty.");

    /// <summary>The client asks for the password whenever it connects.</summary>
    private sealed class RedisPassword(string file) : DefaultOptionsProvider
    {
        public override string? Password => ReadPasswords(file)[0];
    }

    /// <summary>RabbitMQ accepts one password at a time: of two, each attempt uses another one, the first attempt the first.</summary>
    private sealed class BrokerCredentials(string user, string file) : ICredentialsProvider
    {
        private int _attempts = -1;

        public string Name => nameof(ServerLogin);

        public Task<Credentials> GetCredentialsAsync(CancellationToken cancellationToken = default)
        {
            var passwords = ReadPasswords(file);
            return Task.FromResult(new Credentials(Name, user, passwords[(uint)Interlocked.Increment(ref _attempts) % passwords.Length], validUntil: null));
        }
    }
}
