using System.Text;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults;

/// <summary>Configures what every process of MedCor has in common, the gateway and the services alike.</summary>
public static class MedCorDefaults
{
    /// <summary>Gets the largest request body that is read, in bytes.</summary>
    public const int MaxRequestBodySize = 1024 * 1024;

    /// <summary>Adds telemetry, error responses, token validation, Redis, health checks, a bound on request bodies, and a shutdown that drains.</summary>
    public static void AddMedCorDefaults(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Any byte is a letter of Latin-1: a header that no endpoint reads is then no reason to refuse a request, and one that is read is judged by who reads it.
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodySize;
        });
        builder.AddMedCorLogging();
        builder.AddServiceDefaults();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(25));

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddOptions<TokenOptions>().BindConfiguration("Tokens")
            .Configure<IConfiguration>((tokens, configuration) => tokens.MaxLifetimeSeconds = configuration.GetValue("MCP_JWT_EXPIRY", tokens.MaxLifetimeSeconds))
            .ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<SigningKeyCache>().AddSingleton<TokenValidator>().AddSingleton<RevocationList>();
        builder.Services.AddHostedService(s => s.GetRequiredService<RevocationList>());

        // Looked at by Readiness. What reads a stream for many would write its spans into the trace of the request that came first.
        builder.AddRedisClient("cache", settings => settings.DisableHealthChecks = settings.DisableTracing = true, redis => ConfigureRedis(redis));
    }

    /// <summary>Adds what every process answers beside its own paths: errors as the envelope, and what <see cref="Extensions.MapDefaultEndpoints"/> maps.</summary>
    public static void UseMedCorDefaults(this WebApplication app)
    {
        app.UseRequestSpanEnrichment();
        app.UseErrorResponses();
        app.MapDefaultEndpoints();
    }

    /// <summary>How a process reaches Redis: while that is away, it is told so at once, and decides what to do without it; when it is back, soon.</summary>
    internal static ConfigurationOptions ConfigureRedis(ConfigurationOptions redis)
    {
        redis.AbortOnConnectFail = false;
        redis.BacklogPolicy = BacklogPolicy.FailFast;
        redis.ConnectTimeout = redis.SyncTimeout = redis.AsyncTimeout = 2000;
        redis.ReconnectRetryPolicy = new LinearRetry(1000);
        return redis;
    }
}
