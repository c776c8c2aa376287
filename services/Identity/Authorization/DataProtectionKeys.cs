using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using MedCor.Identity.Keys;
using MedCor.Platform.Tenancy;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Authorization;

/// <summary>
/// Keeps the keys that protect cookies and forms in the database, encrypted, so that every replica reads what another has written.
/// </summary>
internal sealed class DataProtectionKeys(IServiceScopeFactory scopes, KeyEncryption encryption, TimeProvider clock) : IXmlRepository
{
    /// <summary>The time within which two keys count as created together: longer than any replica needs from reading the keys to storing one.</summary>
    private static readonly TimeSpan SameTime = TimeSpan.FromMinutes(5);

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var scope = scopes.CreateScope();
        return [.. OpenDb(scope).Set<DataProtectionKey>().AsNoTracking().OrderBy(k => k.CreatedAt).AsEnumerable().Select(Read).OfType<XElement>()];
    }

    /// <summary>
    /// Stores an element; of the keys that replicas create at the same time, only the first. Data Protection reads all keys again after it has created one,
    /// and protects with what it finds.
    /// </summary>
    public void StoreElement(XElement element, string friendlyName)
    {
        using var scope = scopes.CreateScope();
        var db = OpenDb(scope);
        using var transaction = db.Database.BeginTransaction();
        db.Database.ExecuteSql($"SELECT pg_advisory_xact_lock(hashtext('medcor.data_protection_keys'))");
        var now = clock.GetUtcNow();
        // A replica that had read the keys before another's was stored would not know that key until it reads them again, up to a day later.
        if (element.Name.LocalName == "key"
            && db.Set<DataProtectionKey>().Where(k => k.CreatedAt > now - SameTime).AsEnumerable().Any(k => Read(k) is not null)) return;

        db.Add(new DataProtectionKey
        {
            Name = friendlyName, EncryptedXml = encryption.Encrypt(Encoding.UTF8.GetBytes(element.ToString()), friendlyName), CreatedAt = now,
        });
        db.SaveChanges();
        transaction.Commit();
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
[NoPersonalData(IsExported = false)]
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
