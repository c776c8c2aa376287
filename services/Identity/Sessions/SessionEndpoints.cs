using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Passwords;
using MedCor.Identity.Revocations;
using MedCor.Identity.SecondFactors;
using MedCor.Platform.Calls;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Errors;
using MedCor.Validation;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Registers and maps the endpoints that start, refresh and end sessions. They are not tools, because only an authenticated caller can call a tool.
/// </summary>
internal static class SessionEndpoints
{
    internal static void AddSessions(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<SessionOptions>().BindConfiguration("").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<PlatformPolicyOptions>().BindConfiguration("Identity").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<PasswordHasher>().AddSingleton<AccessTokenIssuer>();
        services.AddScoped<SessionTrail>();
        services.AddScoped<SignInPolicies>().AddScoped<KnownDevice>().AddScoped<LockOut>().AddScoped<PasswordLogIn>().AddScoped<SessionManager>();
        services.AddScoped<SecondFactorManager>().AddScoped<CodeCheck>();
        PasskeyManager.AddTo(services);
        services.AddScoped<LogInHandler>().AddScoped<RefreshSessionHandler>().AddScoped<RenewAccessHandler>().AddScoped<LogOutHandler>()
            .AddScoped<HospitalSwitch>();
        services.AddHostedService<RevocationPublisher>();
    }

    internal static void MapSessions(this WebApplication app)
    {
        app.MapPost("/api/auth/login", async (HttpContext http, LogInHandler handler) =>
            http.JsonWithoutCaching(await handler.HandleAsync(
                await ParameterReader<LogIn>.ReadAsync(await http.ReadJsonAsync(), rules: LogInHandler.AddErrorsAsync), http.RequestAborted)));
        app.MapPost("/api/auth/refresh", async (HttpContext http, RefreshSessionHandler handler) =>
            http.JsonWithoutCaching(await handler.HandleAsync(ParameterReader<RefreshSession>.Read(await http.ReadJsonAsync()), http.RequestAborted)));
        app.MapPost("/api/auth/switch", async (HttpContext http, TokenValidator tokens, HospitalSwitch hospitals) =>
        {
            var caller = await tokens.AuthenticateAsync(http);
            return http.JsonWithoutCaching(
                await hospitals.StartAsync(ParameterReader<SwitchHospital>.Read(await http.ReadJsonAsync()), caller, http.RequestAborted));
        });
        app.MapPost("/api/auth/logout", async (HttpContext http, LogOutHandler handler) =>
        {
            var body = await http.ReadJsonAsync();
            return http.JsonWithoutCaching(await handler.HandleAsync(body.IsEmpty ? new() : ParameterReader<LogOut>.Read(body), http, http.RequestAborted));
        });
        // The gateway does not forward this path.
        app.MapPost("/sessions/token", async (HttpContext http, TokenValidator check, RenewAccessHandler handler) =>
            http.JsonWithoutCaching(await handler.HandleAsync(await check.AuthenticateAsync(http), http.RequestAborted)));
        // Nor this one.
        app.MapPost("/sessions/exchange", async (HttpContext http, McpTokenValidator check, RenewAccessHandler handler) =>
            http.JsonWithoutCaching(await handler.ExchangeAsync(await check.AuthenticateAsync(http), http.RequestAborted)));
    }

    /// <summary>Returns the body of a request, which must be JSON if there is one.</summary>
    internal static async Task<ReadOnlyMemory<byte>> ReadJsonAsync(this HttpContext http)
    {
        var body = await http.ReadBodyAsync();
        return body.IsEmpty || http.Request.HasJsonContentType() ? body : throw new UnsupportedMediaType();
    }

    /// <summary>Returns a response that contains tokens.</summary>
    internal static IResult JsonWithoutCaching<T>(this HttpContext http, T result)
    {
        http.Response.Headers.CacheControl = "no-store"; // RFC 6749, section 5.1
        return Results.Json(result, Json.Options);
    }
}
