using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.ServiceAccounts;

/// <summary>Defines what a service account is: the account of a user, with scopes, without a password, and named after its program.</summary>
internal static class ServiceAccountRules
{
    /// <summary>The last name of every service account, by which people tell it from a person wherever a user's name is shown.</summary>
    internal const string LastName = "(service account)";

    /// <summary>The maximum number of active service accounts of a hospital, and of valid API keys of one of them.</summary>
    internal const int MaxPerHospital = 200;
    internal const int MaxKeys = 50;

    private const int MaxPublicKeys = 5;
    private const int MinRsaBits = 2048;

    /// <summary>Returns the service accounts that the caller may see.</summary>
    internal static IQueryable<Account> ServiceAccounts(this IdentityDb db) => db.Accounts.Where(a => a.ServiceScope != null);

    internal static ServiceAccount ToServiceAccount(this Account account) => new(
        Id: account.Id,
        HospitalId: account.HospitalId!.Value,
        Name: account.FirstName,
        Role: account.Role == Role.Admin ? ServiceAccountRole.Admin : ServiceAccountRole.Nurse,
        Scope: account.ServiceScope!,
        Jwks: account.ServiceJwks,
        IsActive: account.IsActive,
        Version: account.Version,
        CreatedAt: account.CreatedAt,
        UpdatedAt: account.UpdatedAt);

    /// <summary>Creates an address that no mail reaches (RFC 2606), because each account has one.</summary>
    internal static string CreateEmail(Guid id) => $"{id:N}@{ServiceAccount.EmailDomain}";

    /// <summary>
    /// Throws <see cref="Forbidden"/> for a program: a key that it created would outlive the access that a user has given it and can withdraw.
    /// </summary>
    internal static void RequireOwnLogIn(Caller caller) => caller.RequireOwnLogIn("manage service accounts and their keys");

    /// <summary>
    /// Throws <see cref="Forbidden"/> when scopes permit more than the caller's token does and, to the platform, medical records and treatments, which are not
    /// the platform's to access, or changes of users, by which a program could open accounts of those who access them.
    /// </summary>
    internal static void RequireScopes(Caller caller, string scope)
    {
        var scopes = ScopeSet.Parse(scope, out _);
        if (caller.Scopes is { } own && !own.Includes(scopes))
            throw new Forbidden("A service account may have no scope that your own token does not include.");
        if (caller.IsOneOf(Callers.Platform) && (scopes.Covers(Scopes.ReadClinical) || scopes.Covers(Scopes.WritePeople)))
            throw new Forbidden(
                "Service accounts that change users, or read medical records or treatments, are managed by an administrator of their hospital.");
    }

    /// <summary>Returns why an account of a role cannot have scopes, or null when it can.</summary>
    internal static string? FindScopeError(string scope, Role role)
    {
        var scopes = ScopeSet.Parse(scope, out var unknown);
        var known = Scopes.All.Select(s => s.Name);
        if (unknown.Count > 0) return $"does not know {string.Join(", ", unknown)}; there are {string.Join(", ", known)}{DidYouMean.Hint(unknown[0], known)}";
        if (scopes.ToString() != scope) return "must be scopes separated by single spaces, each once";
        return role == Role.Admin && scopes.Covers(Scopes.ReadClinical) ? "permits medical records and treatments, which need the role NURSE" : null;
    }

    /// <summary>Returns why a text is not a set of public keys, or null when it is.</summary>
    internal static string? FindKeysError(string jwks)
    {
        JsonWebKeySet set;
        try
        {
            set = new(jwks);
        }
        catch (ArgumentException)
        {
            return "must be a JSON Web Key Set: {\"keys\": [...]}";
        }
        if (set.Keys.Count is 0 or > MaxPublicKeys) return $"must have 1 to {MaxPublicKeys} keys";
        if (set.Keys.Any(key => key.HasPrivateKey || key.Kty is JsonWebAlgorithmsKeyTypes.Octet)) return "has a key that is not public: send public keys alone";
        return set.Keys.All(IsStrong) ? null : $"must have EC keys on P-256, P-384 or P-521, or RSA keys of {MinRsaBits} bits or more";
    }

    private static bool IsStrong(JsonWebKey key) => key switch
    {
        { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve } =>
            key.Crv is JsonWebKeyECTypes.P256 or JsonWebKeyECTypes.P384 or JsonWebKeyECTypes.P521 && key is { X.Length: > 0, Y.Length: > 0 } && IsUsable(key),
        { Kty: JsonWebAlgorithmsKeyTypes.RSA } => key is { N.Length: > 0, E.Length: > 0 } && IsUsable(key) && key.KeySize >= MinRsaBits,
        _ => false,
    };

    /// <summary>Returns whether the numbers of a key are one, such as a point on its curve.</summary>
    private static bool IsUsable(JsonWebKey key)
    {
        try
        {
            return JsonWebKeyConverter.TryConvertToSecurityKey(key, out var converted) && converted switch
            {
                ECDsaSecurityKey ec => ec.ECDsa.KeySize > 0 && ec.ECDsa.ExportParameters(includePrivateParameters: false).Q.X is not null,
                RsaSecurityKey rsa => rsa.KeySize > 0,
                _ => false,
            };
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or ArgumentException or FormatException)
        {
            return false;
        }
    }
}
