using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using MedCor.Identity.Keys;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Keeps the keys that protect cookies and forms in the database, encrypted, so that every replica reads what another has written.
/// </summary>
internal sealed class DataProtectionKeys(IServiceScopeFactory scopes, KeyEncryption encryption, TimeProvider clock) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var scope = scopes.CreateScope();
        return [.. OpenDb(scope).Set<DataProtectionKey>().AsNoTracking().OrderBy(k => k.CreatedAt).AsEnumerable().Select(Read).OfType<XElement>()];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var scope = scopes.CreateScope();
        var db = OpenDb(scope);
        db.Add(new DataProtectionKey
        {
            Name = friendlyName, EncryptedXml = encryption.Encrypt(Encoding.UTF8.GetBytes(element.ToString()), friendlyName), CreatedAt = clock.GetUtcNow(),
        });
        db.SaveChanges();
    }

    /// <summary>Returns a key, or null when it was encrypted with another secret: what it protects is lost, and users log in again.</summary>
    private XElement? Read(DataProtectionKey key)
    {
        try
        {
            return XElement.Parse(Encoding.UTF8.GetString(encryption.Decrypt(key.EncryptedXml, key.Name)));
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static IdentityDb OpenDb(IServiceScope scope)
    {
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        return db;
    }
}

/// <summary>Represents a key of ASP.NET Core's Data Protection.</summary>
internal sealed class DataProtectionKey
{
    public required string Name { get; init; }
    public required byte[] EncryptedXml { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<DataProtectionKey>
    {
        public void Configure(EntityTypeBuilder<DataProtectionKey> key) => key.ToTable("data_protection_keys").HasKey(k => k.Name);
    }
}
