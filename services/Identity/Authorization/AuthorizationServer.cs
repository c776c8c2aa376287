using MedCor.Contracts;
using MedCor.Identity.Keys;
using MedCor.Platform.Tenancy;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Server;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Registers the OAuth 2.1 and OpenID Connect server: its protocol is OpenIddict's, its accounts, sessions, keys and lock-outs are those of the JSON login.
/// </summary>
internal static class AuthorizationServer
{
    internal const string AuthorizePath = "/oauth/authorize";
    internal const string TokenPath = "/oauth/token";
    internal const string PushedAuthorizationPath = "/oauth/par";

    /// <summary>The time for which a pushed request is good. Its user may have to log in meanwhile.</summary>
    internal static readonly TimeSpan PushedRequestLifetime = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The content policy of pages, which permits nothing but the page and its style. There is no <c>form-action</c>: browsers apply it to the redirects that
    /// follow a form, and so to the client's address.
    /// </summary>
    private const string Policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>The policy of a page with a script, which is MedCor's own.</summary>
    internal const string PolicyWithScript = Policy + "; script-src 'self'";

    internal static void AddAuthorizationServer(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddDataProtection().SetApplicationName("medcor");
        services.AddSingleton<DataProtectionKeys>();
        services.AddOptions<KeyManagementOptions>().Configure<DataProtectionKeys>((keys, repository) => keys.XmlRepository = repository);
        LogInCookie.AddTo(services.AddAuthentication(), builder.Environment);
        services.AddAntiforgery(antiforgery => antiforgery.Cookie = LogInCookie.CreateFormCookie(builder.Environment));
        services.AddScoped<ClientSessions>().AddScoped<BrowserLogIns>().AddScoped<VerifiedClient>().AddScoped<Consents>()
            .AddSingleton<Resources>();

        services.AddOptions<ClientDocumentOptions>().BindConfiguration("Identity").ValidateOnStart();
        services.AddSingleton<IValidateOptions<ClientDocumentOptions>, ClientDocumentOptionsValidator>();
        services.AddSingleton<ClientDocuments>().AddScoped<DocumentedClients>();

        services.AddOpenIddict()
            .AddCore(core => core.ReplaceApplicationManager<OAuthApplication, ClientManager>().ReplaceTokenManager<OAuthToken, TokenManager>()
                .UseEntityFrameworkCore().UseDbContext<IdentityDb>()
                .ReplaceDefaultEntities<OAuthApplication, OAuthAuthorization, OAuthScope, OAuthToken, Guid>())
            .AddServer(Configure);
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>, ServerOptions>();
    }

    internal static void MapAuthorizationServer(this WebApplication app)
    {
        app.MapPost(TokenPath, TokenEndpoint.HandleAsync);
        app.MapPost(RegistrationEndpoint.Path, RegistrationEndpoint.HandleAsync);
    }

    /// <summary>Lets OpenIddict handle the requests of its endpoints, and prepares those of the pages.</summary>
    internal static void UseAuthorizationServer(this IApplicationBuilder app)
    {
        app.Use((http, next) =>
        {
            if (!http.Request.Path.StartsWithSegments("/oauth") && !http.Request.Path.StartsWithSegments("/.well-known")) return next(http);
            // What the pages and documents link to has the public address, by whichever one the gateway has reached this replica.
            var address = http.RequestServices.GetRequiredService<IOptions<OpenIddictServerOptions>>().Value.Issuer!;
            (http.Request.Scheme, http.Request.Host) = (address.Scheme, new(address.Authority));
            // Clients and their authorizations belong to no hospital.
            http.RequestServices.GetRequiredService<TenantContext>().Enter(hospital: null);
            http.Response.OnStarting(static state =>
            {
                var headers = ((HttpContext)state).Response.Headers;
                if (headers.ContentSecurityPolicy.Count == 0) headers.ContentSecurityPolicy = Policy;
                headers["Referrer-Policy"] = "no-referrer";
                headers.XFrameOptions = "DENY";
                if (headers.CacheControl.Count == 0) headers.CacheControl = "no-store";
                return Task.CompletedTask;
            }, http);
            return next(http);
        });
        // Nothing else takes forms, and a body that was read as one would be empty for it.
        app.UseWhen(http => http.Request.Path.StartsWithSegments("/oauth"), oauth => oauth.Use(RefuseUnreadableFormsAsync));
        app.UseAuthentication();
    }

    /// <summary>Reads forms before anything else does, and refuses those that cannot be read: with U+0000, or with too many or too long fields.</summary>
    private static async Task RefuseUnreadableFormsAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            if (http.Request.HasFormContentType) await http.Request.ReadFormAsync(http.RequestAborted);
        }
        catch (InvalidDataException)
        {
            const string Description = "The form has a character that cannot be read, or too many or too long fields.";
            await Results.BadRequest(new { error = OpenIddictConstants.Errors.InvalidRequest, error_description = Description }).ExecuteAsync(http);
            return;
        }
        await next(http);
    }

    private static void Configure(OpenIddictServerBuilder server)
    {
        server.SetConfigurationEndpointUris(".well-known/openid-configuration", ".well-known/oauth-authorization-server")
            .SetAuthorizationEndpointUris(AuthorizePath[1..])
            .SetPushedAuthorizationEndpointUris(PushedAuthorizationPath[1..])
            .SetTokenEndpointUris(TokenPath[1..])
            .SetRevocationEndpointUris("oauth/revoke")
            .SetIntrospectionEndpointUris("oauth/introspect");
        server.AllowAuthorizationCodeFlow().AllowRefreshTokenFlow().AllowClientCredentialsFlow().RequireProofKeyForCodeExchange();
        // Access tokens are read by every service. Refresh tokens are short references to what the database keeps.
        server.DisableAccessTokenEncryption().UseReferenceRefreshTokens();
        server.IgnoreScopePermissions().IgnoreResourcePermissions().DisableScopeValidation();
        server.SetAuthorizationCodeLifetime(TimeSpan.FromMinutes(1));
        server.AddEventHandler(SigningKeys.ForTokens).AddEventHandler(SigningKeys.ForValidation).AddEventHandler(Discovery.Descriptor);
        server.AddEventHandler(ClientAssertions.Descriptor).AddEventHandler(ClientAssertionTypes.Descriptor);
        foreach (var handler in PublicIssuer.Handlers.Concat(RefreshTokens.Handlers).Concat(Resources.Handlers)) server.AddEventHandler(handler);
        server.SetRefreshTokenReuseLeeway(RefreshTokens.ReuseLeeway);
        server.UseAspNetCore().EnableAuthorizationEndpointPassthrough().EnableTokenEndpointPassthrough().EnableErrorPassthrough()
            // TLS ends before the services; the public URL is the configured one.
            .DisableTransportSecurityRequirement();
    }

    /// <summary>Sets what comes from the configuration.</summary>
    private sealed class ServerOptions(IOptions<KeyOptions> keys, IOptions<TokenOptions> tokens, Resources resources)
        : IConfigureOptions<OpenIddictServerOptions>
    {
        public void Configure(OpenIddictServerOptions options)
        {
            options.Issuer = new(tokens.Value.ServerUrl);
            options.RequestTokenLifetime = PushedRequestLifetime;
            // The others are for clients that run in the page, and one of them needs a script.
            options.ResponseModes.IntersectWith([OpenIddictConstants.ResponseModes.Query]);
            options.CodeChallengeMethods.Clear();
            options.CodeChallengeMethods.Add(OpenIddictConstants.CodeChallengeMethods.Sha256);
            SigningKeys.AddTo(options, keys.Value.KeyEncryptionSecret);
            options.Scopes.UnionWith([OpenIddictConstants.Scopes.OpenId, .. Scopes.All.Select(scope => scope.Name)]);
            foreach (var resource in resources.Accepted) options.Resources.Add(new(resource));
        }
    }
}
