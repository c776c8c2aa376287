using MedCor.Contracts.Clinical;
using MedCor.Identity.Audit;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Decides who gets refresh tokens, how often each is good, and what ends with them. A client that cannot keep a secret may present one again for a minute,
/// since several of its processes may share it. For any other client a second use, also at the same time, ends the session: thief and owner cannot be told
/// apart (RFC 9700, section 4.14.2).
/// </summary>
internal static class RefreshTokens
{
    /// <summary>The time for which a public client may use a refresh token again.</summary>
    internal static readonly TimeSpan ReuseLeeway = TimeSpan.FromMinutes(1);

    internal static IEnumerable<OpenIddictServerHandlerDescriptor> Handlers { get; } =
    [
        // With or without offline_access, which many clients forget.
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>().UseInlineHandler(context =>
        {
            if (context.EndpointType == OpenIddictServerEndpointType.Token && !context.Request!.IsClientCredentialsGrantType())
                context.GenerateRefreshToken = context.IncludeRefreshToken = true;
            return ValueTask.CompletedTask;
        }).SetOrder(OpenIddictServerHandlers.EvaluateGeneratedTokens.Descriptor.Order + 1).Build(),
        // OpenIddict calls it an invalid grant; RFC 6749, section 5.2, has an error of its own.
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenRequestContext>().UseInlineHandler(context =>
        {
            if (context.Request.IsRefreshTokenGrantType() && context.Request.GetScopes().Except(context.RefreshTokenPrincipal!.GetScopes()).Any())
                context.Reject(Errors.InvalidScope, "The client asks for more than the user has allowed.");
            return ValueTask.CompletedTask;
        }).SetOrder(OpenIddictServerHandlers.Exchange.ValidateGrantedScopes.Descriptor.Order - 1).Build(),
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>().UseScopedHandler<RedeemOnce>()
            .SetOrder(OpenIddictServerHandlers.RedeemTokenEntry.Descriptor.Order - 1).Build(),
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleRevocationRequestContext>().UseScopedHandler<EndRevokedSession>()
            .SetOrder(OpenIddictServerHandlers.Revocation.RevokeToken.Descriptor.Order - 1).Build(),
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleIntrospectionRequestContext>().UseScopedHandler<RejectEndedSession>()
            .SetOrder(OpenIddictServerHandlers.Introspection.AttachApplicationClaims.Descriptor.Order - 1).Build(),
        // The lifetime as it was issued, not what was left of it when the answer was written.
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>().UseInlineHandler(context =>
        {
            if (context.AccessTokenPrincipal is not { } token || context.Response.ExpiresIn is null) return ValueTask.CompletedTask;
            if (token.GetExpirationDate() - token.GetCreationDate() is { } lifetime) context.Response.ExpiresIn = (long)lifetime.TotalSeconds;
            // Also when it is what the client has asked for.
            context.Response.Scope = string.Join(' ', token.GetScopes());
            return ValueTask.CompletedTask;
        }).SetOrder(OpenIddictServerHandlers.AttachSignInParameters.Descriptor.Order + 1).Build(),
    ];

    /// <summary>Lets one of several requests with the same refresh token of a confidential client spend it, and ends the session for the others.</summary>
    private sealed class RedeemOnce(IdentityDb db, SessionManager sessions, IOpenIddictApplicationManager applications, TimeProvider clock)
        : IOpenIddictServerHandler<ProcessSignInContext>
    {
        public async ValueTask HandleAsync(ProcessSignInContext context)
        {
            if (context.EndpointType != OpenIddictServerEndpointType.Token || !context.Request!.IsRefreshTokenGrantType()) return;
            var ct = context.CancellationToken;
            var application = await applications.FindByClientIdAsync(context.ClientId!, ct);
            if (application is null || await applications.HasClientTypeAsync(application, ClientTypes.Public, ct)) return;

            var notification = context.Transaction.GetProperty<ProcessAuthenticationContext>(typeof(ProcessAuthenticationContext).FullName!);
            if (!Guid.TryParse(notification?.RefreshTokenPrincipal?.GetTokenId(), out var id)) return;
            var now = clock.GetUtcNow().UtcDateTime;
            var spends = await db.Set<OAuthToken>().Where(t => t.Id == id && t.Status == Statuses.Valid)
                .ExecuteUpdateAsync(t => t.SetProperty(x => x.Status, Statuses.Redeemed).SetProperty(x => x.RedemptionDate, now), ct);
            if (spends == 1) return;
            if (Guid.TryParse(context.Principal!.GetClaim(TokenClaims.Session), out var session))
                await sessions.EndInTransactionAsync(session, ct, SessionTrail.ReuseToken, AuditOutcome.Forbidden);
            context.Reject(Errors.InvalidGrant, "The refresh token was used before. The session has ended.");
        }
    }

    /// <summary>Reports a token as inactive once its session has ended (RFC 7662).</summary>
    private sealed class RejectEndedSession(IdentityDb db, TimeProvider clock) : IOpenIddictServerHandler<HandleIntrospectionRequestContext>
    {
        public async ValueTask HandleAsync(HandleIntrospectionRequestContext context)
        {
            var now = clock.GetUtcNow();
            if (Guid.TryParse(context.GenericTokenPrincipal?.GetClaim(TokenClaims.Session), out var id)
                && !await db.Sessions.AnyAsync(s => s.Id == id && s.RevokedAt == null && s.EndsAt > now, context.CancellationToken))
                context.Reject(Errors.InvalidToken, "The session has ended.");
        }
    }

    /// <summary>Ends the session of a token that its client revokes (RFC 7009), so that access tokens end with it.</summary>
    private sealed class EndRevokedSession(SessionManager sessions) : IOpenIddictServerHandler<HandleRevocationRequestContext>
    {
        public async ValueTask HandleAsync(HandleRevocationRequestContext context)
        {
            if (Guid.TryParse(context.GenericTokenPrincipal?.GetClaim(TokenClaims.Session), out var session))
                await sessions.EndInTransactionAsync(session, context.CancellationToken);
        }
    }
}
