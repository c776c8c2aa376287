using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.AppHost.Hosting;

/// <summary>
/// Repeats a health check for a while before it says no. Aspire checks what is not healthy in pauses that grow to seconds, and what waits for a server
/// would begin so much later.
/// </summary>
internal sealed class PatientHealthCheck(IHealthCheck check) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Makes all of an application's health checks patient.</summary>
    public static void AddTo(IServiceCollection services) => services.PostConfigure<HealthCheckServiceOptions>(options =>
    {
        foreach (var registration in options.Registrations)
        {
            var create = registration.Factory;
            registration.Factory = provider => new PatientHealthCheck(create(provider));
        }
    });

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var until = DateTimeOffset.UtcNow + Patience;
        while (true)
        {
            var result = await check.CheckHealthAsync(context, cancellationToken);
            if (result.Status == HealthStatus.Healthy || DateTimeOffset.UtcNow > until) return result;
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
