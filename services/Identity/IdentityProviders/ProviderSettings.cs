using MedCor.Contracts;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.IdentityProviders;

/// <summary>Reads the identity providers of hospitals, and returns their addresses.</summary>
internal sealed class ProviderSettings(IdentityDb db, IOptions<TokenOptions> tokens)
{
    /// <summary>Gets the providers that are in use: those that have everything that a sign-in needs, of active hospitals.</summary>
    private IQueryable<IdentityProvider> Usable => db.IdentityProviders.AsNoTracking().Include(p => p.Hospital)
        .Where(p => p.Issuer != null && p.ClientId != null && p.EncryptedClientSecret != null && p.Hospital!.IsActive);

    /// <summary>Returns the provider of the hospital that has a subdomain; null when it has none in use.</summary>
    internal Task<IdentityProvider?> FindAsync(string subdomain, CancellationToken ct)
    {
        var key = subdomain.Trim().ToLowerInvariant();
        return Usable.SingleOrDefaultAsync(p => p.Subdomain == key, ct);
    }

    /// <summary>Returns the provider of a hospital; null when it has none in use.</summary>
    internal Task<IdentityProvider?> FindAsync(Guid hospitalId, CancellationToken ct) => Usable.SingleOrDefaultAsync(p => p.HospitalId == hospitalId, ct);

    /// <summary>
    /// Returns the refusal of any other login of a user who must sign in through the provider of the hospital: staff other than administrators, whose
    /// hospital requires it. Null for others.
    /// </summary>
    internal async Task<ProviderRequired?> FindRequiredAsync(Account account, CancellationToken ct) =>
        account.Role is not (Role.Admin or Role.Patient) && account.HospitalId is { } hospital
            && await FindAsync(hospital, ct) is { IsRequired: true, Subdomain: var subdomain }
                ? new(subdomain, PublicUrl + PagePaths.ForHospital(subdomain, returnUrl: null))
                : null;

    /// <summary>Returns the address to which the provider of a hospital returns.</summary>
    internal string GetRedirectUri(Guid hospitalId) => $"{PublicUrl}{PagePaths.HospitalCallback}/{hospitalId}";

    /// <summary>Returns the settings as administrators read them.</summary>
    /// <param name="provider">The stored settings; null for a hospital that has none.</param>
    internal Contracts.Identity.IdentityProvider ToContract(Guid hospitalId, IdentityProvider? provider) => new(
        HospitalId: hospitalId,
        Issuer: provider?.Issuer,
        ClientId: provider?.ClientId,
        HasClientSecret: provider?.EncryptedClientSecret is not null,
        EmailDomains: provider?.EmailDomains ?? [],
        RoleClaim: provider?.RoleClaim,
        RoleMappings: provider?.GetRoleMappings() ?? [],
        CreateUsers: provider?.CreateUsers ?? false,
        IsRequired: provider?.IsRequired ?? false,
        RedirectUri: GetRedirectUri(hospitalId),
        LogInUrl: provider?.Issuer is null ? null : PublicUrl + PagePaths.ForHospital(provider.Subdomain, returnUrl: null),
        Version: provider?.Version ?? 0);

    private string PublicUrl => tokens.Value.ServerUrl;
}

/// <summary>Represents a correct password of a user who must sign in through the hospital's provider.</summary>
/// <param name="url">The page on which the user signs in.</param>
internal sealed class ProviderRequired(string subdomain, string url)
    : ApiException(403, ErrorCodes.PermissionDenied, $"Your hospital requires that you log in through its own login page: {url}")
{
    internal string Subdomain => subdomain;
}
