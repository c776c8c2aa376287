using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.AppHost.Servers;

/// <summary>
/// Repeats a failing health check for a few seconds before it reports the failure. Aspire checks an unhealthy resource at intervals that grow to seconds,
/// which would delay the start of resources that wait for a server.
/// </summary>
internal sealed class RetryingHealthCheck(IHealthCheck check) : IHealthCheck
{
    private static readonly TimeSpan RetryDuration = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Wraps all health checks of an application.</summary>
    public static void AddTo(IServiceCollection services) => services.PostConfigure<HealthCheckServiceOptions>(options =>
    {
        foreach (var registration in options.Registrations)
        {
            var create = registration.Factory;
            registration.Factory = provider => new RetryingHealthCheck(create(provider));
        }
    });

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var result = await check.CheckHealthAsync(context, cancellationToken);
            if (result.Status == HealthStatus.Healthy || Stopwatch.GetElapsedTime(began) > RetryDuration) return result;
            await Task.Delay(RetryInterval, cancellationToken);
        }
    }
}
