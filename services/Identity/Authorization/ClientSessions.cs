using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using SessionOptions = MedCor.Identity.Sessions.SessionOptions;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Starts and continues the sessions of clients. A session of a client is one like any other: it ends with those of its user, and its tokens have the claims of
/// a login's, besides the scopes and the client.
/// </summary>
internal sealed class ClientSessions(IdentityDb db, SessionManager sessions, SignInPolicies policies, IOptions<SessionOptions> options, Resources resources,
    IOpenIddictAuthorizationManager authorizations, TimeProvider clock)
{
    /// <summary>The property of an authorization that names the session.</summary>
    internal const string SessionProperty = "session";

    /// <summary>Returns the account of somebody who has logged in, or null when it may not be used, or when its sessions were ended since.</summary>
    internal async Task<Account?> FindAccountAsync(Guid userId, DateTimeOffset loggedInAt, CancellationToken ct) =>
        await db.Accounts.AsNoTracking().Include(a => a.Credential).Include(a => a.Hospital).SingleOrDefaultAsync(a => a.Id == userId, ct) is { } account
            && account.CanLogIn && !(account.Credential?.RevokedAt >= loggedInAt)
                ? account
                : null;

    /// <summary>
    /// Starts a session of a client that a user has allowed; null when all sessions of the user were ended since the account was read.
    /// </summary>
    /// <param name="scopes">The scopes that the user has allowed.</param>
    /// <param name="resource">The resource that the client named; null for the default.</param>
    internal async Task<ClaimsPrincipal?> StartAsync(Account account, string clientId, string applicationId, ImmutableArray<string> scopes, string? resource,
        CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var policy = await policies.GetAsync(account.HospitalId, ct);
        if (await sessions.StartForClientAsync(account, policy, ct) is not { } session) return null;
        var principal = CreatePrincipal(account, session, policy, clientId, scopes, resources.GetAudience(resource));
        var allowed = new OpenIddictAuthorizationDescriptor
        {
            ApplicationId = applicationId,
            CreationDate = clock.GetUtcNow(),
            Principal = principal,
            Status = Statuses.Valid,
            Subject = account.Id.ToString(),
            Type = AuthorizationTypes.AdHoc,
        };
        allowed.Properties[SessionProperty] = JsonSerializer.SerializeToElement(session.Id);
        allowed.Scopes.UnionWith(scopes);
        principal.SetAuthorizationId(await authorizations.GetIdAsync(await authorizations.CreateAsync(allowed, ct), ct));
        await transaction.CommitAsync(ct);
        return principal;
    }

    /// <summary>
    /// Returns the principal of the next tokens of a session, with the user's current rights; null when the session has ended or the user may no longer log in.
    /// </summary>
    /// <param name="former">The principal of the authorization code or refresh token.</param>
    /// <param name="scopes">The scopes that the client asks for, of those it has; all of them when empty.</param>
    internal async Task<ClaimsPrincipal?> ContinueAsync(ClaimsPrincipal former, ImmutableArray<string> scopes, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (!Guid.TryParse(former.GetClaim(TokenClaims.Session), out var id)) return null;
        var session = await db.Sessions.AsNoTracking().Include(s => s.User!.Credential).Include(s => s.User!.Hospital)
            .SingleOrDefaultAsync(s => s.Id == id && s.RevokedAt == null && s.EndsAt > now, ct);
        if (session is not { User: { CanLogIn: true } account }) return null;
        var policy = await policies.GetAsync(account.HospitalId, ct);
        if (session.GetIdleEnd(policy, refreshedAt: now) <= now) return null;
        var principal = CreatePrincipal(account, session, policy, former.GetClaim(Claims.ClientId)!, scopes.IsEmpty ? former.GetScopes() : scopes,
            former.GetResources().First());
        return principal.SetAuthorizationId(former.GetAuthorizationId());
    }

    private ClaimsPrincipal CreatePrincipal(Account account, Session session, SignInPolicy policy, string clientId, ImmutableArray<string> scopes,
        string audience)
    {
        var now = clock.GetUtcNow();
        var identity = new ClaimsIdentity("medcor", Claims.Subject, TokenClaims.Role);
        foreach (var (name, value) in AccessTokenIssuer.CreateClaims(account, session, refreshedAt: now))
            identity.AddClaim(
                new(name, Convert.ToString(value, CultureInfo.InvariantCulture)!, value is long ? ClaimValueTypes.Integer64 : ClaimValueTypes.String));
        identity.SetClaim(Claims.ClientId, clientId);
        // An ID token names the user and nothing more.
        identity.SetDestinations(
            static claim => claim.Type is Claims.Subject ? [Destinations.AccessToken, Destinations.IdentityToken] : [Destinations.AccessToken]);
        var lifetime = session.GetIdleEnd(policy, refreshedAt: now) - now;
        return new ClaimsPrincipal(identity).SetScopes(scopes).SetResources(audience)
            .SetAccessTokenLifetime(options.Value.AccessTokenLifetime < lifetime ? options.Value.AccessTokenLifetime : lifetime)
            .SetRefreshTokenLifetime(lifetime);
    }
}
