using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace MedCor.Gateway.Authentication;

/// <summary>
/// Requires an authenticated caller at every endpoint that is not marked with <see cref="IAllowAnonymous"/>. The caller's role is checked where a call is
/// carried out.
/// </summary>
internal static class AccessControl
{
    public static void AddAccessControl(this IServiceCollection services)
    {
        services.AddSingleton<TicketStore>().AddSingleton<TokenExchange>().AddSingleton<ApiKeyTokens>().AddSingleton<McpTokens>();
        // Not AddAuthentication: it adds Data Protection, which writes keys to disk that nothing here uses.
        services.AddAuthenticationCore(o => o.DefaultScheme = AccessTokenHandler.SchemeName);
        new AuthenticationBuilder(services)
            .AddScheme<AuthenticationSchemeOptions, AccessTokenHandler>(AccessTokenHandler.SchemeName, o => o.ForwardDefaultSelector = SelectScheme)
            .AddScheme<AuthenticationSchemeOptions, ChatTokenHandler>(ChatTokenHandler.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, McpTokenHandler>(McpTokenHandler.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, TicketHandler>(TicketHandler.SchemeName, null);
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, MappedEndpointsOnly>();
    }

    /// <summary>Selects the scheme of a request; null for an access token.</summary>
    private static string? SelectScheme(HttpContext http)
    {
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<AcceptsTicketMetadata>() is not null && http.Request.Query.ContainsKey(TicketHandler.Parameter))
            return TicketHandler.SchemeName;
        if (metadata?.GetMetadata<RequiresMcpTokenMetadata>() is not null) return McpTokenHandler.SchemeName;
        return metadata?.GetMetadata<AcceptsServerTokenMetadata>() is null ? null : ChatTokenHandler.SchemeName;
    }

    /// <summary>
    /// Passes unmapped requests on to routing, which answers an unknown path with 404 and a wrong method with 405, with or without a credential.
    /// </summary>
    private sealed class MappedEndpointsOnly : IAuthorizationMiddlewareResultHandler
    {
        private readonly AuthorizationMiddlewareResultHandler _inner = new();

        public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
            context.GetEndpoint() is RouteEndpoint ? _inner.HandleAsync(next, context, policy, authorizeResult) : next(context);
    }
}
