using Microsoft.Extensions.Configuration;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using StackExchange.Redis;
using StackExchange.Redis.Configuration;
using ConnectionException = MassTransit.ConnectionException;

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

    /// <summary>Returns the login at RabbitMQ; null when that of the address is used.</summary>
    internal BrokerLogin? GetBrokerLogin(Uri broker) =>
        _file is { Length: > 0 } file && broker.UserInfo is { Length: > 0 } user && !user.Contains(':', StringComparison.Ordinal)
            ? new BrokerLogin(Uri.UnescapeDataString(user), file)
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

    /// <summary>
    /// Logs in to RabbitMQ, which accepts one password at a time, and none before it knows the user. The bus gives up for good when its login is refused, so
    /// the password is looked for before the bus connects.
    /// </summary>
    internal sealed class BrokerLogin(string user, string file) : ICredentialsProvider
    {
        private const ushort AccessRefused = 403, NotAllowed = 530;

        private string? _lastTried;

        public string Name => nameof(ServerLogin);

        public Task<Credentials> GetCredentialsAsync(CancellationToken cancellationToken = default) =>
            Task.FromResult(new Credentials(Name, user, GetPasswords()[0], validUntil: null));

        /// <summary>Connects with the first password that the broker accepts.</summary>
        /// <param name="factory">A factory that uses these credentials.</param>
        /// <exception cref="ConnectionException">The broker accepts none of them, for now.</exception>
        internal async Task<IConnection> ConnectAsync(ConnectionFactory factory, CancellationToken ct)
        {
            foreach (var password in GetPasswords())
            {
                _lastTried = password;
                try
                {
                    return await factory.CreateConnectionAsync(ct);
                }
                catch (Exception e) when (IsRefusal(e))
                {
                    // The next one may be right.
                }
            }
            // The bus tries again only what it does not know as a refused login.
            throw new ConnectionException("The broker refuses the login.", new TimeoutException(), isTransient: true);
        }

        /// <summary>Finds the password with which the bus can connect next. Throws when the broker refuses all of them.</summary>
        internal async Task FindPasswordAsync(ConnectionFactory factory)
        {
            try
            {
                await using var connection = await ConnectAsync(factory, CancellationToken.None);
            }
            catch (Exception e) when (e is not ConnectionException)
            {
                // The bus finds the same, reports it and tries again.
            }
        }

        /// <summary>Returns the passwords of the file, first the one that was tried last, which the broker accepted if it accepts any.</summary>
        private string[] GetPasswords() => [.. ReadPasswords(file).OrderByDescending(password => password == _lastTried)];

        private static bool IsRefusal(Exception? e) => e is AuthenticationFailureException
            or OperationInterruptedException { ShutdownReason.ReplyCode: AccessRefused or NotAllowed } || (e is not null && IsRefusal(e.InnerException));
    }
}
