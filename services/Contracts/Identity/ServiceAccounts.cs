using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Specifies the role of a service account.</summary>
public enum ServiceAccountRole { Admin, Nurse }

/// <summary>Represents a service account: the account of a program that acts in a hospital without a user.</summary>
/// <param name="Id">The ID of the account, which is also its <c>client_id</c> at <c>/oauth/token</c>.</param>
/// <param name="Name"><example>"Lab gateway"</example></param>
/// <param name="Scope">The scopes to which its tokens are limited, separated by spaces. <example>"people.read"</example></param>
/// <param name="Jwks">The public keys with which it may authenticate, as a JSON Web Key Set. <example>null</example></param>
[Audited(AuditKind.Administration, "service_accounts")]
public sealed record ServiceAccount(
    Guid Id,
    Guid HospitalId,
    string Name,
    ServiceAccountRole Role,
    string Scope,
    string? Jwks,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>The domain of the e-mail addresses of service accounts as users, which tells them from people. No mail reaches it (RFC 2606).</summary>
    public const string EmailDomain = "service-accounts.invalid";
}

/// <summary>Lists the service accounts that you may see, by name.</summary>
/// <param name="HospitalId">The ID of the hospital whose service accounts are listed.</param>
/// <param name="IsActive">Whether to list only active (true) or only inactive (false) service accounts; both by default.</param>
[Tool("list_service_accounts", Effect.Read, Callers.Admins)]
public sealed record ListServiceAccounts(Guid? HospitalId = null, bool? IsActive = null) : PagedTool<ServiceAccount>;

/// <summary>
/// Creates a service account: an account of a program, without a password. Give it an API key or a public key so that it can authenticate. Only users who have
/// logged in themselves manage service accounts.
/// </summary>
/// <param name="Name">The name, which the audit trail shows. <example>"Lab gateway"</example></param>
/// <param name="Role">The role, which limits the account as it limits a user.</param>
/// <param name="Scope">
/// The scopes of the account, separated by spaces. They may permit no more than your own token does. Medical records and treatments need the role NURSE, and
/// an administrator of the hospital.
/// <example>"people.read"</example>
/// </param>
/// <param name="HospitalId">The ID of the hospital; your own by default. Required for platform administrators.</param>
/// <param name="Jwks">
/// Public keys as a JSON Web Key Set, for private_key_jwt at /oauth/token: 1 to 5 keys, each EC on P-256, P-384 or P-521, or RSA of at least 2048 bits.
/// <example>
///"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}"
/// </example>
/// </param>
[Tool("create_service_account", Effect.Create, Callers.Admins, RequiresStepUp = true)]
public sealed record CreateServiceAccount(
    [property: Length(1, 80)] string Name,
    ServiceAccountRole Role,
    [property: Length(1, 1000)] string Scope,
    Guid? HospitalId = null,
    [property: Length(1, 8000), Multiline] string? Jwks = null) : ITool<ServiceAccount>;

/// <summary>
/// Changes a service account. Omitted fields stay unchanged, and null clears jwks. Other scopes, other public keys and deactivation end its access tokens
/// within seconds; its API keys work again when it is reactivated.
/// </summary>
/// <param name="ServiceAccountId">The ID of the service account.</param>
/// <param name="Name">The new name. <example>"Lab gateway"</example></param>
/// <param name="Scope">The new scopes, by the rules of create_service_account. <example>"people.read"</example></param>
/// <param name="Jwks">
/// The new public keys, by the rules of create_service_account. To replace a key without an interruption, send both for a while.
/// <example>null</example>
/// </param>
/// <param name="IsActive">Whether the account is active: false deactivates it, true activates it again.</param>
/// <param name="ExpectedVersion">The expected version of the service account; the change is rejected if it is no longer at this version.</param>
[Tool("update_service_account", Effect.Update, Callers.Admins, RequiresStepUp = true)]
public sealed record UpdateServiceAccount(
    Guid ServiceAccountId,
    [property: Length(1, 80)] string? Name = null,
    [property: Length(1, 1000)] string? Scope = null,
    [property: Length(1, 8000), Multiline] Optional<string?> Jwks = default,
    bool? IsActive = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<ServiceAccount>;

/// <summary>Represents an API key of a service account, without the key itself.</summary>
/// <param name="Name"><example>"Production"</example></param>
/// <param name="Prefix">The beginning of the key, by which it is recognized. <example>"mck_3f0c9a5d71be"</example></param>
/// <param name="ExpiresOn">The last day on which the key is valid, in UTC. <example>"2027-03-01"</example></param>
/// <param name="ExpiresAt">The time at which the key expires.</param>
/// <param name="LastUsedAt">The time of its last use, to the minute; null before the first. <example>null</example></param>
/// <param name="RevokedAt">The time at which it was revoked; null when it was not. <example>null</example></param>
[Audited(AuditKind.Administration, "api_keys")]
public sealed record ApiKey(
    Guid Id,
    Guid HospitalId,
    Guid ServiceAccountId,
    string Name,
    string Prefix,
    DateOnly ExpiresOn,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Represents a new API key together with the key itself, which is shown only now.</summary>
/// <param name="Name"><example>"Production"</example></param>
/// <param name="Prefix">The beginning of the key, by which it is recognized. <example>"mck_3f0c9a5d71be"</example></param>
/// <param name="ApiKey">
/// The key, for <c>Authorization: Bearer</c>, or as <c>client_secret</c> at <c>/oauth/token</c>. Store it now: it is not shown again.
/// <example>"mck_3f0c9a5d71be_…"</example>
/// </param>
/// <param name="ExpiresOn">The last day on which the key is valid, in UTC. <example>"2027-03-01"</example></param>
/// <param name="ExpiresAt">The time at which the key expires.</param>
[Audited(AuditKind.Administration, "api_keys")]
public sealed record NewApiKey(
    Guid Id,
    Guid HospitalId,
    Guid ServiceAccountId,
    string Name,
    string Prefix,
    string ApiKey,
    DateOnly ExpiresOn,
    DateTimeOffset ExpiresAt,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Lists the API keys of the service accounts that you may see, by name.</summary>
/// <param name="ServiceAccountId">The ID of the service account whose keys are listed.</param>
[Tool("list_api_keys", Effect.Read, Callers.Admins)]
public sealed record ListApiKeys(Guid? ServiceAccountId = null) : PagedTool<ApiKey>;

/// <summary>
/// Creates an API key of a service account. The response contains the key, which is not shown again. Only users who have logged in themselves create API keys.
/// </summary>
/// <param name="ServiceAccountId">The ID of the service account.</param>
/// <param name="Name">A name by which you recognize the key. <example>"Production"</example></param>
/// <param name="ExpiresOn">The last day on which the key is valid, in UTC: today or later, and at most 366 days ahead.</param>
[Tool("create_api_key", Effect.Create, Callers.Admins, ReturnsSecret = true, RequiresStepUp = true)]
public sealed record CreateApiKey(
    Guid ServiceAccountId,
    [property: Length(1, 80)] string Name,
    [property: PlausibleDate] DateOnly ExpiresOn) : ITool<NewApiKey>;

/// <summary>
/// Replaces an API key by a new one of the same name. The old key stays valid for some hours, so that programs can change over without an interruption.
/// </summary>
/// <param name="ApiKeyId">The ID of the key that is replaced.</param>
/// <param name="ExpiresOn">The last day on which the new key is valid, in UTC: today or later, and at most 366 days ahead.</param>
/// <param name="OverlapHours">The number of hours for which the old key stays valid, but not beyond its own end.</param>
[Tool("rotate_api_key", Effect.Create, Callers.Admins, ReturnsSecret = true, RequiresStepUp = true)]
public sealed record RotateApiKey(
    Guid ApiKeyId,
    [property: PlausibleDate] DateOnly ExpiresOn,
    [property: Range(0, 720), DefaultValue(24)] int OverlapHours = 24) : ITool<NewApiKey>;

/// <summary>Revokes an API key. The key and the access tokens that were obtained with it stop working within seconds.</summary>
/// <param name="ApiKeyId">The ID of the key.</param>
[Tool("revoke_api_key", Effect.Delete, Callers.Admins)]
public sealed record RevokeApiKey(Guid ApiKeyId) : ITool<ApiKey>;
