using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Internal;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MedCor.Platform.Database;

/// <summary>
/// Represents a row with properties that are <see cref="EncryptedAttribute">stored encrypted</see>. They are decrypted when EF Core has created the entity, and
/// encrypted while it is saved, so that in memory they are always as they were written.
/// </summary>
// An interceptor of EF Core would do the same, and would create a delegate for each property of each entity that is read, encrypted or not.
#pragma warning disable EF1001 // internal API
public interface IEncryptedRow : ITenantOwned, IInjectableService
{
    void IInjectableService.Injected(DbContext context, object entity, QueryTrackingBehavior? queryTrackingBehavior, ITypeBase structuralType) =>
        EncryptedColumns.Of(structuralType).Decrypt((IEncryptedRow)entity, ((TenantDb)context).Texts);

    bool IInjectableService.Detaching(DbContext context, object entity) => false;

    void IInjectableService.Attaching(DbContext context, IEntityType entityType, object entity)
    {
    }
}
#pragma warning restore EF1001
