using System.Text;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Errors;
using MedCor.ServiceDefaults.Servers;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults;

/// <summary>Configures what every process of MedCor, gateway or service, has in common.</summary>
public static class MedCorDefaults
{
    /// <summary>The largest request body that is read, in bytes.</summary>
    public const int MaxRequestBodySize = 1024 * 1024;

    /// <summary>
    /// Adds telemetry, error responses, token validation, <see cref="RedisConnections.Control"/>, health checks, a limit on request bodies, and graceful
    /// shutdown.
    /// </summary>
    public static void AddMedCorDefaults(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Every byte is valid Latin-1, so a header that no endpoint reads never causes a request to be rejected. A header that is read is validated by its
            // reader.
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.Limits.MaxRequestBodySize = MaxRequestBodySize;
            if (kestrel.ApplicationServices.GetRequiredService<TransportSecurity>().Certificate is { } certificate)
                kestrel.ConfigureHttpsDefaults(https => https.ServerCertificateSelector = (_, _) => certificate());
        });
        builder.AddMedCorLogging();
        builder.AddServiceDefaults();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(25));

        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<ServerLogin>();
        builder.Services.AddOptions<TokenOptions>().BindConfiguration("Tokens")
            .Configure<IConfiguration>((tokens, configuration) =>
            {
                tokens.MaxLifetimeSeconds = configuration.GetValue("MCP_JWT_EXPIRY", tokens.MaxLifetimeSeconds);
                tokens.PublicUrl = configuration["Identity:PublicUrl"];
            })
            .ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<SigningKeyCache>().AddSingleton<TokenValidator>().AddSingleton<McpTokenValidator>().AddSingleton<RevocationList>();
        builder.Services.AddHostedService(s => s.GetRequiredService<RevocationList>());

        builder.AddControlRedis();
    }

    /// <summary>Adds error responses in the error envelope, and the endpoints that <see cref="Extensions.MapDefaultEndpoints"/> maps.</summary>
    public static void UseMedCorDefaults(this WebApplication app)
    {
        app.UseRequestSpanEnrichment();
        app.UseErrorResponses();
        app.MapDefaultEndpoints();
    }

    /// <summary>
    /// Configures Redis connections to fail fast while Redis is unavailable, so that each caller decides how to continue, and to reconnect soon after it
    /// recovers.
    /// </summary>
    internal static ConfigurationOptions ConfigureRedis(ConfigurationOptions redis)
    {
        redis.AbortOnConnectFail = false;
        redis.BacklogPolicy = BacklogPolicy.FailFast;
        redis.ConnectTimeout = redis.SyncTimeout = redis.AsyncTimeout = 2000;
        redis.ReconnectRetryPolicy = new LinearRetry(1000);
        // Nobody announces another master or breaks a tie: the client asks the servers, and no login may use these.
        (redis.ConfigurationChannel, redis.TieBreaker) = ("", "");
        return redis;
    }
}
