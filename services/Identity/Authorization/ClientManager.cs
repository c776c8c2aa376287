using MedCor.Contracts.Clinical;
using MedCor.Identity.Audit;
using MedCor.Identity.ServiceAccounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using OpenIddict.Core;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Finds clients. A client ID with a character that PostgreSQL cannot store is nobody's. The client of a service account authenticates with the account's API
/// keys and public keys. A client ID can also be the address of a document in which the client describes itself.
/// </summary>
internal sealed class ClientManager(IOpenIddictApplicationCache<OAuthApplication> cache, ILogger<OpenIddictApplicationManager<OAuthApplication>> log,
    IOptionsMonitor<OpenIddictCoreOptions> options, IOpenIddictApplicationStore<OAuthApplication> store, IdentityDb db, ServiceAccountSessions serviceAccounts,
    VerifiedClient verified, DocumentedClients documented, SessionTrail trail) : OpenIddictApplicationManager<OAuthApplication>(cache, log, options, store)
{
    public override async ValueTask<OAuthApplication?> FindByClientIdAsync(string identifier, CancellationToken cancellationToken = default)
    {
        if (identifier.Contains('\0', StringComparison.Ordinal)) return null;
        var known = await FindStoredAsync(identifier, cancellationToken);
        return documented.FindAddress(identifier) is { } address ? await documented.RefreshAsync(this, address, known, cancellationToken) : known;
    }

    /// <summary>Finds a client without looking at its document.</summary>
    internal ValueTask<OAuthApplication?> FindStoredAsync(string clientId, CancellationToken ct) => base.FindByClientIdAsync(clientId, ct);

    public override async ValueTask<bool> ValidateClientSecretAsync(OAuthApplication application, string secret, CancellationToken cancellationToken = default)
    {
        if (FindServiceAccountId(application) is not { } id) return await base.ValidateClientSecretAsync(application, secret, cancellationToken);
        if (await serviceAccounts.FindKeyAsync(secret, cancellationToken) is not { } key || key.ServiceAccountId != id)
        {
            var account = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(a => a.Id == id, cancellationToken);
            await trail.RecordOfStrangerAsync(SessionTrail.LogIn, account, AuditOutcome.Forbidden, cancellationToken);
            return false;
        }
        verified.ApiKey = key;
        return true;
    }

    public override async ValueTask<JsonWebKeySet?> GetJsonWebKeySetAsync(OAuthApplication application, CancellationToken cancellationToken = default) =>
        FindServiceAccountId(application) is not { } id
            ? await base.GetJsonWebKeySetAsync(application, cancellationToken)
            : await db.ServiceAccounts().Where(a => a.Id == id).Select(a => a.ServiceJwks).SingleOrDefaultAsync(cancellationToken) is { } keys
                ? new(keys)
                : null;

    private static Guid? FindServiceAccountId(OAuthApplication application) =>
        application.Permissions?.Contains(OpenIddictConstants.Permissions.GrantTypes.ClientCredentials, StringComparison.Ordinal) is true
            && Guid.TryParse(application.ClientId, out var id)
                ? id
                : null;
}
