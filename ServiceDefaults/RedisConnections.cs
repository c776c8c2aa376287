using MedCor.ServiceDefaults.Health;
using MedCor.ServiceDefaults.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults;

/// <summary>
/// Connects to the two Redis servers. What protects the others from a user is kept apart from what users fill: a full or unavailable server of one kind
/// leaves the other kind working.
/// </summary>
public static class RedisConnections
{
    /// <summary>
    /// The connection of every process to the Redis of the revocations, the counters of rate limits and the anchors of the audit trail, as a keyed
    /// <see cref="IConnectionMultiplexer"/>.
    /// </summary>
    public const string Control = "control";

    /// <summary>
    /// The connection of the gateway and of Chat to the Redis of live events, copies of tool responses, tickets and chat runs, as the only
    /// <see cref="IConnectionMultiplexer"/> without a key.
    /// </summary>
    public const string Cache = "cache";

    /// <summary>Adds the connection to <see cref="Cache"/>, and its health check.</summary>
    public static void AddCacheRedis(this IHostApplicationBuilder builder)
    {
        // A component that reads a stream for many subscribers would add its spans to the trace of the request that came first.
        builder.AddRedisClient(Cache, settings => settings.DisableHealthChecks = settings.DisableTracing = true, Configure(builder.Configuration));
        builder.Services.AddHealthChecks().AddDependencyCheck("redis", s => new RedisCheck(s.GetRequiredService<IConnectionMultiplexer>()));
    }

    /// <summary>Adds the connection to <see cref="Control"/>, and its health check.</summary>
    internal static void AddControlRedis(this IHostApplicationBuilder builder)
    {
        builder.AddKeyedRedisClient(Control, settings => settings.DisableHealthChecks = settings.DisableTracing = true, Configure(builder.Configuration));
        builder.Services.AddHealthChecks().AddDependencyCheck("redis-control", s => new RedisCheck(s.GetRequiredKeyedService<IConnectionMultiplexer>(Control)));
    }

    /// <summary>Configures connections with the login and the certificate authority of this process.</summary>
    internal static Action<ConfigurationOptions> Configure(IConfiguration configuration)
    {
        var (login, security) = (new ServerLogin(configuration), new TransportSecurity(configuration, TimeProvider.System));
        return redis =>
        {
            MedCorDefaults.ConfigureRedis(redis);
            login.ApplyTo(redis);
            redis.CertificateValidation += security.IsServerTrusted;
        };
    }
}
