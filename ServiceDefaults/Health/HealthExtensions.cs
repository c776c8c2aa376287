using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.ServiceDefaults.Health;

/// <summary>Registers health checks and maps the health endpoints.</summary>
public static class HealthExtensions
{
    /// <summary>The paths that orchestrators probe. They are excluded from traces, which they would fill.</summary>
    internal static readonly string[] ProbePaths = ["/health", "/alive"];

    /// <summary>The methods with which orchestrators probe.</summary>
    private static readonly string[] ProbeMethods = ["GET", "HEAD"];

    /// <summary>Adds a check of a dependency.</summary>
    /// <param name="name">The name under which the dependency is reported.</param>
    /// <param name="check">
    /// Creates the check. It throws when the dependency does not answer, and returns degraded, with a description free of internal details, when the dependency
    /// itself reports that it is not ready.
    /// </param>
    /// <param name="isRequired">Whether the process serves no requests without the dependency.</param>
    public static IHealthChecksBuilder AddDependencyCheck(this IHealthChecksBuilder checks, string name, Func<IServiceProvider, IHealthCheck> check,
        bool isRequired = false) =>
            checks.Add(new(name, services => new UntracedHealthCheck(check(services)), HealthStatus.Unhealthy, isRequired ? [Readiness.RequiredTag] : null,
                Readiness.CheckTimeout));

    /// <summary>Marks an endpoint that serves requests even while its service's database is unavailable.</summary>
    public static TEndpoint AvailableWithoutDatabase<TEndpoint>(this TEndpoint endpoint) where TEndpoint : IEndpointConventionBuilder =>
        endpoint.WithMetadata(AvailableWithoutDatabaseMetadata.Instance);

    internal static void AddReadiness(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>().AddSingleton<IHealthCheckPublisher>(s => s.GetRequiredService<Readiness>());
        services.Configure<HealthCheckPublisherOptions>(o =>
        {
            (o.Delay, o.Period, o.Timeout) = (TimeSpan.Zero, Readiness.Period, Readiness.CheckTimeout * 2);
            // The broker has its own check, with a shorter description.
            o.Predicate = check => !check.Tags.Contains("masstransit");
        });
        services.AddHealthChecks()
            .AddDependencyCheck("broker", s => ActivatorUtilities.CreateInstance<BrokerCheck>(s))
            .AddDependencyCheck("revocations", s => ActivatorUtilities.CreateInstance<RevocationListCheck>(s), isRequired: true);
    }

    /// <summary>
    /// Maps <c>/health</c>, which reports whether requests are served and, if not, why, and <c>/alive</c>, which reports that the process runs, whatever the
    /// state of its dependencies.
    /// </summary>
    internal static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/health", ProbeMethods, (HttpContext http, Readiness readiness) => readiness.WriteResponseAsync(http, requiredOnly: true))
            .AllowAnonymous().AvailableWithoutDatabase();
        app.MapMethods("/alive", ProbeMethods, () => "ok").AllowAnonymous().AvailableWithoutDatabase();
    }

    /// <summary>Runs a check without a span: one every two seconds for each dependency of each process would crowd out other traces.</summary>
    private sealed class UntracedHealthCheck(IHealthCheck check) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var quiet = OpenTelemetry.SuppressInstrumentationScope.Begin();
            return await check.CheckHealthAsync(context, cancellationToken);
        }
    }
}

/// <summary>Marks an endpoint that serves requests even while its service's database is unavailable.</summary>
public sealed class AvailableWithoutDatabaseMetadata
{
    internal static readonly AvailableWithoutDatabaseMetadata Instance = new();

    private AvailableWithoutDatabaseMetadata()
    {
    }
}
