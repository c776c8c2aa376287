using MedCor.Contracts;
using MedCor.Identity.Accounts;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace MedCor.Identity.Authorization;

/// <summary>Finds what users have allowed clients.</summary>
internal sealed class Consents(IOpenIddictAuthorizationManager authorizations)
{
    /// <summary>Returns the scopes that a user has allowed a client before; null when that is nothing, or is not on record any more.</summary>
    /// <param name="applicationId">The ID of the client's row.</param>
    internal async Task<ScopeSet?> FindAllowedAsync(Account account, string applicationId, CancellationToken ct)
    {
        var scopes = new HashSet<string>();
        await foreach (var consent in authorizations.FindAsync(account.Id.ToString(), applicationId, Statuses.Valid, type: null, scopes: null, ct))
            scopes.UnionWith(await authorizations.GetScopesAsync(consent, ct));
        return scopes.Count == 0 ? null : ScopeSet.Parse(string.Join(' ', scopes), out _);
    }
}
