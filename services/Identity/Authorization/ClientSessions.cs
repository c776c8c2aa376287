using System.Collections.Immutable;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.ServiceAccounts;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using SessionOptions = MedCor.Identity.Sessions.SessionOptions;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Starts and continues the sessions of clients. A session of a client is one like any other: it ends with those of its user, and its tokens have the claims of
/// a login's, besides the scopes and the client.
/// </summary>
internal sealed class ClientSessions(IdentityDb db, SessionManager sessions, SignInPolicies policies, SecondFactorManager secondFactors,
    IOptions<SessionOptions> options, Resources resources, IOpenIddictAuthorizationManager authorizations, ServiceAccountSessions serviceAccounts,
    VerifiedClient verified, TimeProvider clock)
{
    /// <summary>The property of an authorization that names the session.</summary>
    internal const string SessionProperty = "session";

    /// <summary>Returns the account of somebody who has logged in, or null when it may not be used, or when its sessions were ended since.</summary>
    internal async Task<Account?> FindAccountAsync(Guid userId, DateTimeOffset loggedInAt, CancellationToken ct) =>
        await db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital).SingleOrDefaultAsync(a => a.Id == userId, ct) is { } account
            && account.CanLogIn && !(account.Membership?.RevokedAt >= loggedInAt)
                ? account
                : null;

    /// <summary>
    /// Starts a session of a client that a user has allowed; null when all sessions of the user were ended since the account was read.
    /// </summary>
    /// <param name="scopes">The scopes that the user has allowed.</param>
    /// <param name="resource">The resource that the client named; null for the default.</param>
    internal async Task<ClaimsPrincipal?> StartAsync(BrowserLogIn login, string clientId, string applicationId, ImmutableArray<string> scopes, string? resource,
        CancellationToken ct)
    {
        var (account, client) = (login.Account, new ClientLogIn(clientId, string.Join(' ', scopes), login.Methods, login.At));
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var policy = await policies.GetAsync(account.HospitalId, ct);
        if (await sessions.StartForClientAsync(account, policy, client, ct) is not { } session) return null;
        var idleEnd = session.GetIdleEnd(policy, refreshedAt: clock.GetUtcNow());
        var issuedAt = AccessTokenIssuer.GetTime(clock.GetUtcNow(), account.Membership!.RevokedAt);
        var principal = CreatePrincipal(account, session, policy, idleEnd, issuedAt, clientId, scopes, resources.GetAudience(resource));
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
    /// Ends a session that is over by the hospital's rules, or lacks a second factor which is required by now.
    /// </summary>
    /// <param name="former">The principal of the authorization code or refresh token.</param>
    /// <param name="scopes">The scopes that the client asks for, of those it has; all of them when empty.</param>
    internal async Task<ClaimsPrincipal?> ContinueAsync(ClaimsPrincipal former, ImmutableArray<string> scopes, CancellationToken ct)
    {
        if (!Guid.TryParse(former.GetClaim(TokenClaims.Session), out var id)) return null;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // A change of the user's rights, which ends the sessions, is either seen here or ends the tokens too, although they are signed after the lock.
        await sessions.LockForIssueAsync(id, ct);
        var now = clock.GetUtcNow();
        var session = await db.Sessions.AsNoTracking().Include(s => s.User!.Membership!.Login).Include(s => s.User!.Hospital)
            .SingleOrDefaultAsync(s => s.Id == id && s.RevokedAt == null && s.EndsAt > now, ct);
        if (session is not { User: { CanLogIn: true } account }) return null;
        var policy = await policies.GetAsync(account.HospitalId, ct);
        if (session.IsOver(policy, now) || await secondFactors.IsMissingAsync(account, session.AuthenticationMethods, ct))
        {
            await sessions.EndAloneAsync(id, ct);
            await transaction.CommitAsync(ct);
            return null;
        }
        await sessions.RecordUseAsync(id, ct);
        await transaction.CommitAsync(ct);
        var issuedAt = AccessTokenIssuer.GetTime(now, account.Membership!.RevokedAt);
        var principal = CreatePrincipal(account, session, policy, session.GetIdleEnd(policy, refreshedAt: now), issuedAt, former.GetClaim(Claims.ClientId)!,
            scopes.IsEmpty ? former.GetScopes() : scopes, former.GetResources().First());
        return principal.SetAuthorizationId(former.GetAuthorizationId());
    }

    /// <summary>
    /// Starts a session of a service account. Returns its principal, or the error of RFC 6749: the account may not be used, or may do nothing of what is asked.
    /// </summary>
    /// <param name="scopes">The scopes that the client asks for; all of the account when empty. Those that the account does not have are left out.</param>
    internal async Task<(ClaimsPrincipal? Principal, string Error)> StartForServiceAccountAsync(string clientId, ImmutableArray<string> scopes,
        string? resource, CancellationToken ct)
    {
        if (!Guid.TryParse(clientId, out var id) || await serviceAccounts.StartAsync(id, verified.ApiKey, ct) is not (var account, var session, var issuedAt))
            return (null, Errors.InvalidGrant);
        var own = ScopeSet.Parse(account.ServiceScope!, out _);
        var granted = scopes.IsEmpty ? own : own.Narrow(scopes);
        if (granted.All.Count == 0) return (null, Errors.InvalidScope);
        // The rules of a hospital about sessions are about people: such a session is as long as its one token.
        var policy = await policies.GetAsync(account.HospitalId, ct);
        return (CreatePrincipal(account, session, policy, session.EndsAt, issuedAt, clientId, [.. granted.All.Select(s => s.Name)],
            resources.GetAudience(resource)), "");
    }

    private ClaimsPrincipal CreatePrincipal(Account account, Session session, SignInPolicy policy, DateTimeOffset endsAt, DateTimeOffset issuedAt,
        string clientId, ImmutableArray<string> scopes, string audience)
    {
        var now = clock.GetUtcNow();
        var identity = new ClaimsIdentity("medcor", Claims.Subject, TokenClaims.Role);
        foreach (var (name, value) in AccessTokenIssuer.CreateClaims(account, session, policy, refreshedAt: now, issuedAt))
            identity.AddClaim(value switch
            {
                string[] all => new(name, JsonSerializer.Serialize(all), JsonClaimValueTypes.JsonArray),
                long number => new(name, number.ToString(CultureInfo.InvariantCulture), ClaimValueTypes.Integer64),
                _ => new(name, value.ToString()!),
            });
        identity.SetClaim(Claims.ClientId, clientId);
        // An ID token says who the user is, and how and when the user has logged in, and nothing more.
        identity.SetDestinations(static claim => claim.Type switch
        {
            Claims.Subject or Claims.AuthenticationMethodReference or Claims.AuthenticationContextReference or Claims.AuthenticationTime =>
                [Destinations.AccessToken, Destinations.IdentityToken],
            _ => [Destinations.AccessToken],
        });
        var lifetime = endsAt - now;
        return new ClaimsPrincipal(identity).SetScopes(scopes).SetResources(audience)
            .SetAccessTokenLifetime(options.Value.AccessTokenLifetime < lifetime ? options.Value.AccessTokenLifetime : lifetime)
            .SetRefreshTokenLifetime(lifetime);
    }
}
