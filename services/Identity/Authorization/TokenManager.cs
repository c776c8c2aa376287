using MedCor.Contracts.Clinical;
using MedCor.Identity.Audit;
using MedCor.Identity.Sessions;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Core;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Ends a session together with the tokens of its authorization. OpenIddict revokes those when a code or a refresh token is used again: whoever has copied it
/// may hold an access token too.
/// </summary>
internal sealed class TokenManager(IOpenIddictTokenCache<OAuthToken> cache, ILogger<OpenIddictTokenManager<OAuthToken>> log,
    IOptionsMonitor<OpenIddictCoreOptions> options, IOpenIddictTokenStore<OAuthToken> store, IOpenIddictAuthorizationManager authorizations,
    SessionManager sessions)
    : OpenIddictTokenManager<OAuthToken>(cache, log, options, store)
{
    public override async ValueTask<long> RevokeByAuthorizationIdAsync(string identifier, CancellationToken cancellationToken = default)
    {
        var revoked = await base.RevokeByAuthorizationIdAsync(identifier, cancellationToken);
        if (await authorizations.FindByIdAsync(identifier, cancellationToken) is { } authorization
            && (await authorizations.GetPropertiesAsync(authorization, cancellationToken)).TryGetValue(ClientSessions.SessionProperty, out var session))
            await sessions.EndInTransactionAsync(session.GetGuid(), cancellationToken, SessionTrail.ReuseToken, AuditOutcome.Forbidden);
        return revoked;
    }
}
