using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Specifies the roles that an identity provider can give.</summary>
public enum StaffRole { Admin, Doctor, Nurse, Receptionist }

/// <summary>Represents the role that a value of the role claim gives.</summary>
/// <param name="Value">The value of the claim, letter by letter. <example>"medcor-nurses"</example></param>
/// <param name="Role">The role of a user with this value. <example>"NURSE"</example></param>
public sealed record RoleMapping([property: Length(1, 200)] string Value, StaffRole Role);

/// <summary>
/// Represents the OpenID Connect provider through which the staff of a hospital sign in. It is in use once it has an issuer, a client ID and a client secret.
/// </summary>
/// <param name="Issuer">The issuer; null while the hospital has no provider. <example>"https://login.hospital.example/realms/staff"</example></param>
/// <param name="ClientId">The ID that the provider has given to MedCor. <example>"medcor"</example></param>
/// <param name="HasClientSecret">Whether a client secret is stored. The secret itself is never returned.</param>
/// <param name="EmailDomains">
/// The domains of the e-mail addresses by which persons are linked to accounts or get one; nobody is if empty.
/// <example>["hospital.example"]</example>
/// </param>
/// <param name="RoleClaim">The claim that gives roles; null if users keep the roles that they have. <example>"roles"</example></param>
/// <param name="RoleMappings">The roles that its values give. The first entry applies whose value the user has.</param>
/// <param name="CreateUsers">Whether a person without an account gets one at the first sign-in.</param>
/// <param name="IsRequired">Whether doctors, nurses and receptionists can sign in only through the provider. <example>false</example></param>
/// <param name="RedirectUri">
/// The redirect URI to register at the provider.
/// <example>"https://medcor.example/oauth/login/callback/01980000-0000-7000-8001-000000000000"</example>
/// </param>
/// <param name="LogInUrl">
/// The page on which the users sign in; null until the provider is set.
/// <example>"https://medcor.example/oauth/login/hospital?hospital=general"</example>
/// </param>
/// <param name="Version">The version, which every change increases; 0 while nothing is set. <example>1</example></param>
[Audited(AuditKind.Administration, "identity_providers")]
public sealed record IdentityProvider(
    Guid HospitalId,
    string? Issuer,
    string? ClientId,
    bool HasClientSecret,
    IReadOnlyList<string> EmailDomains,
    string? RoleClaim,
    IReadOnlyList<RoleMapping> RoleMappings,
    bool CreateUsers,
    bool IsRequired,
    string RedirectUri,
    string? LogInUrl,
    long Version)
{
    /// <summary>The pattern of an issuer: an address over https, or over http on the same machine, without user, query and fragment.</summary>
    internal const string IssuerPattern =
        @"(?:https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|http://(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?)(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?";

    /// <summary>The maximum number of domains and of mapped values.</summary>
    public const int MaxEntries = 50;
}

/// <summary>Returns the OpenID Connect provider through which the staff of a hospital sign in, without its client secret.</summary>
/// <param name="HospitalId">The ID of the hospital; for administrators of a hospital, their own by default.</param>
[Tool("get_identity_provider", Effect.Read, Callers.Admins)]
public sealed record GetIdentityProvider(Guid? HospitalId = null) : ITool<IdentityProvider>;

/// <summary>
/// Changes the OpenID Connect provider through which the staff of a hospital sign in. Omitted fields stay unchanged; null for issuer removes the provider.
/// Another issuer or client ID deletes the client secret, unless a new one is sent with it, and all links between users and the provider. Only administrators
/// of the hospital who have logged in themselves change it.
/// </summary>
/// <param name="HospitalId">The ID of the hospital: the caller's own, which is the default.</param>
/// <param name="Issuer">
/// The issuer, letter by letter as the provider writes it: an https address whose host has public addresses only.
/// <example>"https://login.hospital.example/realms/staff"</example>
/// </param>
/// <param name="ClientId">The ID that the provider has given to MedCor. <example>"medcor"</example></param>
/// <param name="ClientSecret">The secret that the provider has given to MedCor. It is stored encrypted and never returned.</param>
/// <param name="EmailDomains">
/// The domains of the e-mail addresses by which persons are linked to accounts or get one: those of the hospital. Nobody is linked while there is none.
/// <example>["hospital.example"]</example>
/// </param>
/// <param name="RoleClaim">
/// The claim of the ID token that gives roles, such as <c>roles</c> or <c>realm_access.roles</c>; null if users keep the roles that they have.
/// <example>"roles"</example>
/// </param>
/// <param name="RoleMappings">
/// The roles that the values of the claim give. The first entry applies whose value the user has. With a role claim, a user without any of the values cannot
/// sign in through the provider, and the role is set at each sign-in.
/// </param>
/// <param name="CreateUsers">
/// Whether a person without an account gets one at the first sign-in, with the role that the claim gives. It needs at least one of <c>email_domains</c>.
/// </param>
/// <param name="IsRequired">
/// Whether doctors, nurses and receptionists can sign in only through the provider, and not with a password or a passkey. Administrators and patients always
/// can.
/// <example>false</example>
/// </param>
/// <param name="ExpectedVersion">The expected version; the change is rejected if the provider is no longer at this version.</param>
[Tool("update_identity_provider", Effect.Update, Callers.HospitalAdmin, RequiresStepUp = true)]
public sealed record UpdateIdentityProvider(
    Guid? HospitalId = null,
    [property: Length(1, 500), RegularExpression(IdentityProvider.IssuerPattern,
        ErrorMessage = "must be an https address without user, port, query and fragment")] Optional<string?> Issuer = default,
    [property: Length(1, 255)] Optional<string?> ClientId = default,
    [property: Opaque, Length(1, 500)] string? ClientSecret = null,
    [property: UniqueItems, DomainNames, EachElementLength(1, 253), MaxLength(IdentityProvider.MaxEntries)] IReadOnlyList<string>? EmailDomains = null,
    [property: Length(1, 200)] Optional<string?> RoleClaim = default,
    [property: MaxLength(IdentityProvider.MaxEntries)] IReadOnlyList<RoleMapping>? RoleMappings = null,
    bool? CreateUsers = null,
    bool? IsRequired = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<IdentityProvider>;
