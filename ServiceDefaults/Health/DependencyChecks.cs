using MassTransit;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults.Health;

/// <summary>Whether Redis answers.</summary>
internal sealed class RedisCheck(IConnectionMultiplexer redis) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await redis.GetDatabase().PingAsync().WaitAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }
}

/// <summary>Whether the bus is joined.</summary>
internal sealed class BrokerCheck(IBusControl bus) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(bus.CheckHealth().Status == BusHealthStatus.Healthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("broker does not answer"));
}

/// <summary>Whether it is known which tokens were revoked; before, none is trusted.</summary>
internal sealed class RevocationListCheck(RevocationList revocations) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(revocations.IsLoaded ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("which tokens were revoked was not read yet"));
}
