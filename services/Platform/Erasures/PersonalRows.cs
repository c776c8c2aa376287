using System.Reflection;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MedCor.Platform.Erasures;

/// <summary>Deletes the rows of a service that are the data of one person and are not kept when the person is erased.</summary>
internal sealed class PersonalRows(TenantDb db)
{
    private static readonly MethodInfo DeleteOfType = typeof(PersonalRows).GetMethod(nameof(DeleteAsync), BindingFlags.NonPublic | BindingFlags.Instance)!;

    /// <summary>Deletes the rows of all entities with <see cref="OnErasure.Delete"/> and returns their number.</summary>
    public async Task<int> DeleteAllAsync(Guid person, CancellationToken ct)
    {
        var rows = 0;
        foreach (var type in GetDeletedTypes(db.Model)) rows += await (Task<int>)DeleteOfType.MakeGenericMethod(type).Invoke(this, [person, ct])!;
        return rows;
    }

    private Task<int> DeleteAsync<T>(Guid person, CancellationToken ct) where T : class =>
        db.Rows<T>().Where(PersonFilter.Of<T>(db, person)).ExecuteDeleteAsync(ct);

    /// <summary>Returns the types of the rows to delete. Rows that refer to others are deleted before them.</summary>
    private static IEnumerable<Type> GetDeletedTypes(IModel model) =>
        from type in model.GetEntityTypes()
        where type.ClrType.GetCustomAttribute<PersonalDataAttribute>() is { OnErasure: OnErasure.Delete }
        orderby CountReferences(type) descending
        select type.ClrType;

    /// <summary>Returns the length of the longest chain of references that begins with an entity.</summary>
    private static int CountReferences(IEntityType type) =>
        type.GetForeignKeys().Where(key => key.PrincipalEntityType != type).Select(key => 1 + CountReferences(key.PrincipalEntityType)).DefaultIfEmpty().Max();
}
