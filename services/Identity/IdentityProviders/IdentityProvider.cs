using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Keys;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.IdentityProviders;

/// <summary>Represents the OpenID Connect provider through which the staff of a hospital sign in. A hospital has at most one.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class IdentityProvider : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }

    /// <summary>Gets the subdomain of the hospital, by which users name it on the login page. It never changes.</summary>
    public required string Subdomain { get; init; }

    public string? Issuer { get; set; }
    public string? ClientId { get; set; }
    public byte[]? EncryptedClientSecret { get; set; }

    /// <summary>Gets or sets the domains of the e-mail addresses by which persons are linked to accounts; nobody is if empty.</summary>
    public List<string> EmailDomains { get; set; } = [];

    /// <summary>Gets or sets the claim that gives roles; null if users keep the roles that they have.</summary>
    public string? RoleClaim { get; set; }

    /// <summary>Gets or sets the roles that the values of the claim give, as JSON.</summary>
    public string RoleMappings { get; set; } = "[]";

    /// <summary>Gets or sets whether a person without an account gets one.</summary>
    public bool CreateUsers { get; set; }

    /// <summary>Gets or sets whether doctors, nurses and receptionists can sign in only through the provider.</summary>
    public bool IsRequired { get; set; }

    public HospitalCopy? Hospital { get; init; }

    internal IReadOnlyList<RoleMapping> GetRoleMappings() => JsonSerializer.Deserialize<RoleMapping[]>(RoleMappings, Json.Options)!;

    internal void SetRoleMappings(IReadOnlyList<RoleMapping> mappings) => RoleMappings = JsonSerializer.Serialize(mappings, Json.Options);

    internal void SetClientSecret(KeyEncryption encryption, string secret) =>
        EncryptedClientSecret = encryption.Encrypt(Encoding.UTF8.GetBytes(secret), GetName(HospitalId));

    /// <summary>
    /// Returns the client secret. Throws <see cref="System.Security.Cryptography.AuthenticationTagMismatchException"/> when it was encrypted with another
    /// configured secret.
    /// </summary>
    internal string GetClientSecret(KeyEncryption encryption) => Encoding.UTF8.GetString(encryption.Decrypt(EncryptedClientSecret!, GetName(HospitalId)));

    /// <summary>Returns whether an e-mail address is of one of the accepted domains.</summary>
    internal bool AcceptsDomainOf(string email) =>
        EmailDomains.Contains(email[(email.LastIndexOf('@') + 1)..], StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the role that values of the role claim give; null when they give none.</summary>
    internal Role? FindRole(IReadOnlyList<string> values) =>
        GetRoleMappings().FirstOrDefault(m => values.Contains(m.Value)) is { } mapping ? Enum.Parse<Role>(mapping.Role.ToString()) : null;

    /// <summary>Returns the name that binds an encrypted secret to its hospital.</summary>
    private static string GetName(Guid hospitalId) => $"identity provider {hospitalId}";

    internal sealed class Configuration : IEntityTypeConfiguration<IdentityProvider>
    {
        public void Configure(EntityTypeBuilder<IdentityProvider> provider)
        {
            provider.ToTable("identity_providers").HasKey(p => p.HospitalId);
            provider.HasOne(p => p.Hospital).WithOne().HasForeignKey<IdentityProvider>(p => p.HospitalId);
            provider.Ignore(p => p.Id);
        }
    }
}
