using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Registers the services of service accounts and maps the paths by which gateways use API keys. Gateways do not forward these paths.</summary>
internal static class ServiceAccountEndpoints
{
    private const string Bearer = "Bearer ";

    internal static void AddServiceAccounts(this WebApplicationBuilder builder) =>
        builder.Services.AddScoped<ServiceAccountSessions>().AddScoped<ApiKeyFactory>();

    internal static void MapServiceAccounts(this WebApplication app)
    {
        app.MapPost("/api-keys/token", async (HttpContext http, ServiceAccountSessions sessions) =>
        {
            var header = http.Request.Headers.Authorization.ToString();
            http.Response.Headers.CacheControl = "no-store";
            return Results.Json(
                await sessions.ExchangeAsync(header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..] : "", http.RequestAborted),
                Json.Options);
        });
        app.MapPost("/sessions/used", async (HttpContext http, TokenValidator tokens, ServiceAccountSessions sessions) =>
        {
            await sessions.RecordUseOfSessionAsync((await tokens.AuthenticateAsync(http)).SessionId, http.RequestAborted);
            return Results.NoContent();
        });
    }
}
