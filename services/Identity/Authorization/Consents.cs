using System.Collections.Immutable;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Identity.Accounts;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Finds what users have allowed clients, and remembers it for those clients that need not ask each time. A remembered consent is an authorization of
/// OpenIddict's type <c>permanent</c>, of which a user has one for each client. It is forgotten when all sessions of the user are ended, or the user or an
/// administrator ends one of the client.
/// </summary>
internal sealed class Consents(IdentityDb db, IOpenIddictAuthorizationManager authorizations, TimeProvider clock)
{
    /// <summary>The time for which a consent is remembered. Using it does not renew it.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    /// <summary>The property of a remembered consent that has the address to which the answer was sent.</summary>
    private const string RedirectProperty = "redirect_uri";

    /// <summary>Returns the scopes that a user has allowed a client before; null when that is nothing, or is not on record any more.</summary>
    /// <param name="applicationId">The ID of the client's row.</param>
    internal async Task<ScopeSet?> FindAllowedAsync(Account account, string applicationId, CancellationToken ct)
    {
        var scopes = new HashSet<string>();
        await foreach (var consent in authorizations.FindAsync(account.Id.ToString(), applicationId, Statuses.Valid, type: null, scopes: null, ct))
            scopes.UnionWith(await authorizations.GetScopesAsync(consent, ct));
        return scopes.Count == 0 ? null : ScopeSet.Parse(string.Join(' ', scopes), out _);
    }

    /// <summary>Returns the scopes that a user has lately allowed a client that is answered at an address; null when nothing is remembered.</summary>
    /// <param name="account">The account, with its credential.</param>
    internal async Task<ScopeSet?> FindRememberedAsync(Account account, string applicationId, string redirectUri, CancellationToken ct)
    {
        var since = clock.GetUtcNow() - Lifetime;
        await foreach (var consent in authorizations.FindAsync(
            account.Id.ToString(), applicationId, Statuses.Valid, AuthorizationTypes.Permanent, scopes: null, ct))
        {
            if (await authorizations.GetCreationDateAsync(consent, ct) is not { } at || at < since || at <= account.Membership!.RevokedAt) continue;
            var properties = await authorizations.GetPropertiesAsync(consent, ct);
            if (properties.TryGetValue(RedirectProperty, out var address) && address.GetString() == redirectUri)
                return ScopeSet.Parse(string.Join(' ', await authorizations.GetScopesAsync(consent, ct)), out _);
        }
        return null;
    }

    /// <summary>Remembers what a user has allowed a client, in the place of what was remembered before.</summary>
    /// <param name="at">A time before the session began: what ends all sessions later ends the consent as well.</param>
    internal async Task RememberAsync(Account account, string applicationId, string redirectUri, ImmutableArray<string> scopes, DateTimeOffset at,
        CancellationToken ct)
    {
        var (subject, id) = (account.Id.ToString(), Guid.Parse(applicationId));
        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM oauth_authorizations WHERE application_id = {id} AND subject = {subject} AND type = {AuthorizationTypes.Permanent}
            """, ct);
        var consent = new OpenIddictAuthorizationDescriptor
        {
            ApplicationId = applicationId,
            CreationDate = at,
            Status = Statuses.Valid,
            Subject = subject,
            Type = AuthorizationTypes.Permanent,
        };
        consent.Properties[RedirectProperty] = JsonSerializer.SerializeToElement(redirectUri);
        consent.Scopes.UnionWith(scopes);
        await authorizations.CreateAsync(consent, ct);
    }

    /// <summary>Forgets what the user of a session has allowed its client.</summary>
    internal Task ForgetAsync(Guid sessionId, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        DELETE FROM oauth_authorizations a USING oauth_applications c, sessions s
        WHERE s.id = {sessionId} AND c.client_id = s.client_id AND a.application_id = c.id AND a.subject = s.user_id::text
            AND a.type = {AuthorizationTypes.Permanent}
        """, ct);
}
