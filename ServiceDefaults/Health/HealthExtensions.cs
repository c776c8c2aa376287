using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.ServiceDefaults.Health;

/// <summary>What a process looks at, and how it tells what it sees.</summary>
public static class HealthExtensions
{
    /// <summary>What orchestrators ask; told in no trace, since it would fill them.</summary>
    internal static readonly string[] ProbePaths = ["/health", "/alive"];

    /// <summary>How they ask.</summary>
    private static readonly string[] ProbeMethods = ["GET", "HEAD"];

    /// <summary>A look at something that this process depends on, under the name that it is told by.</summary>
    /// <param name="check">Throws when it does not answer; says what else is wrong, in words for anybody, as degraded when the other side says so of itself.</param>
    /// <param name="isRequired">Whether this process answers nobody without it.</param>
    public static IHealthChecksBuilder AddDependencyCheck(this IHealthChecksBuilder checks, string name, Func<IServiceProvider, IHealthCheck> check, bool isRequired = false) =>
        checks.Add(new(name, services => new UntracedHealthCheck(check(services)), HealthStatus.Unhealthy, isRequired ? [Readiness.RequiredTag] : null, Readiness.CheckTimeout));

    /// <summary>Marks an endpoint that answers also while the database of its service is unavailable.</summary>
    public static TEndpoint AvailableWithoutDatabase<TEndpoint>(this TEndpoint endpoint) where TEndpoint : IEndpointConventionBuilder => endpoint.WithMetadata(AvailableWithoutDatabaseMetadata.Instance);

    internal static void AddReadiness(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>().AddSingleton<IHealthCheckPublisher>(s => s.GetRequiredService<Readiness>());
        services.Configure<HealthCheckPublisherOptions>(o =>
        {
            (o.Delay, o.Period, o.Timeout) = (TimeSpan.Zero, Readiness.Period, Readiness.CheckTimeout * 2);
            // The broker has a look of its own, which says so in fewer words.
            o.Predicate = check => !check.Tags.Contains("masstransit");
        });
        services.AddHealthChecks()
            .AddDependencyCheck("redis", s => ActivatorUtilities.CreateInstance<RedisCheck>(s))
            .AddDependencyCheck("broker", s => ActivatorUtilities.CreateInstance<BrokerCheck>(s))
            .AddDependencyCheck("revocations", s => ActivatorUtilities.CreateInstance<RevocationListCheck>(s), isRequired: true);
    }

    /// <summary><c>/health</c>: whether calls are answered, and if not, why. <c>/alive</c>: the process runs, whatever it depends on.</summary>
    internal static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/health", ProbeMethods, (HttpContext http, Readiness readiness) => readiness.WriteResponseAsync(http, requiredOnly: true)).AvailableWithoutDatabase();
        app.MapMethods("/alive", ProbeMethods, () => "ok").AvailableWithoutDatabase();
    }

    /// <summary>Looks without a span: one every two seconds for each dependency of each process would push the others out.</summary>
    private sealed class UntracedHealthCheck(IHealthCheck check) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var quiet = OpenTelemetry.SuppressInstrumentationScope.Begin();
            return await check.CheckHealthAsync(context, cancellationToken);
        }
    }
}

/// <summary>Marks an endpoint that answers also while the database of its service is unavailable.</summary>
public sealed class AvailableWithoutDatabaseMetadata
{
    internal static readonly AvailableWithoutDatabaseMetadata Instance = new();

    private AvailableWithoutDatabaseMetadata()
    {
    }
}
