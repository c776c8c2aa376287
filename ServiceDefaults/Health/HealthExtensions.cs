using MedCor.ServiceDefaults.Problems;
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
    internal static readonly string[] Paths = ["/health", "/alive"];

    /// <summary>How they ask.</summary>
    private static readonly string[] Probes = ["GET", "HEAD"];

    /// <summary>A look at something that this process depends on, under the name that it is told by.</summary>
    /// <param name="check">Throws when it does not answer; says what else is wrong, in words for anybody, as degraded when the other side says so of itself.</param>
    /// <param name="needed">Whether this process answers nobody without it.</param>
    public static IHealthChecksBuilder AddLook(this IHealthChecksBuilder checks, string name, Func<IServiceProvider, IHealthCheck> check, bool needed = false) =>
        checks.Add(new(name, services => new Quiet(check(services)), HealthStatus.Unhealthy, needed ? [Readiness.Needed] : null, Readiness.Patience));

    /// <summary>Says that an endpoint answers also while the service's database is away.</summary>
    public static TEndpoint NeedsNoDatabase<TEndpoint>(this TEndpoint endpoint) where TEndpoint : IEndpointConventionBuilder => endpoint.WithMetadata(WithoutDatabase.Instance);

    internal static void AddReadiness(this IServiceCollection services)
    {
        services.AddSingleton<Readiness>().AddSingleton<IHealthCheckPublisher>(s => s.GetRequiredService<Readiness>());
        services.Configure<HealthCheckPublisherOptions>(o =>
        {
            (o.Delay, o.Period, o.Timeout) = (TimeSpan.Zero, Readiness.Period, Readiness.Patience * 2);
            // The broker has a look of its own, which says so in fewer words.
            o.Predicate = check => !check.Tags.Contains("masstransit");
        });
        services.AddHealthChecks()
            .AddLook("redis", s => ActivatorUtilities.CreateInstance<RedisCheck>(s))
            .AddLook("broker", s => ActivatorUtilities.CreateInstance<BrokerCheck>(s))
            .AddLook("revocations", s => ActivatorUtilities.CreateInstance<RevocationsCheck>(s), needed: true);
    }

    /// <summary><c>/health</c>: whether calls are answered, and if not, why. <c>/alive</c>: the process runs, whatever it depends on.</summary>
    internal static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/health", Probes, (HttpContext http, Readiness readiness) => readiness.Answer(http, needed: true)).NeedsNoDatabase();
        app.MapMethods("/alive", Probes, () => "ok").NeedsNoDatabase();
    }

    /// <summary>While the database is known to be away, says so at once: nobody waits for a connection that does not come.</summary>
    internal static void UseDatabaseGate(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Use((http, next) => readiness.Lacks(DatabaseCheck.Name) && http.GetEndpoint()?.Metadata.GetMetadata<WithoutDatabase>() is null
            ? throw new Unavailable()
            : next(http));
    }

    private sealed class WithoutDatabase
    {
        public static readonly WithoutDatabase Instance = new();
    }

    /// <summary>Looks without a span: one every two seconds for each dependency of each process would push the others out.</summary>
    private sealed class Quiet(IHealthCheck check) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var quiet = OpenTelemetry.SuppressInstrumentationScope.Begin();
            return await check.CheckHealthAsync(context, cancellationToken);
        }
    }
}
