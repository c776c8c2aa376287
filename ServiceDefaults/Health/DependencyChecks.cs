using MassTransit;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults.Health;

/// <summary>Checks whether Redis answers.</summary>
internal sealed class RedisCheck(IConnectionMultiplexer redis) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await redis.GetDatabase().PingAsync().WaitAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}

/// <summary>Checks whether the bus is connected to the broker.</summary>
internal sealed class BrokerCheck(IBusControl bus) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            bus.CheckHealth().Status == BusHealthStatus.Healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("broker does not answer"));
}

/// <summary>Checks whether the revocation list has been read. Until then no token is trusted.</summary>
internal sealed class RevocationListCheck(RevocationList revocations) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(revocations.IsLoaded ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("which tokens were revoked was not read yet"));
}
