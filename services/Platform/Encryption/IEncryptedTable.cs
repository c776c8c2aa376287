using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Encryption;

/// <summary>
/// Encrypts the rows of a table again, with the key that is in use. An <see cref="Entity"/> with encrypted texts has an implementation. Where the service may
/// not update the rows, and for any other <see cref="IEncryptedRow"/>, it has an <see cref="IEncryptedTable{TRow}"/>, found by its type.
/// </summary>
public interface IEncryptedTable
{
    /// <summary>The maximum number of rows that are encrypted in one transaction.</summary>
    const int PageSize = 200;

    /// <summary>The number of characters in the texts of a page after which it ends, where texts can be long.</summary>
    const int MaxCharacters = 2_000_000;

    /// <summary>Gets the name of the table.</summary>
    string Name { get; }

    /// <summary>
    /// Encrypts the next page of a hospital's rows. Returns the key of its last row; null when no rows follow. Throws
    /// <see cref="DbUpdateConcurrencyException"/> when a row was changed meanwhile, and <see cref="System.Security.Cryptography.CryptographicException"/> when
    /// a text cannot be read.
    /// </summary>
    /// <param name="after">The key after which the page begins.</param>
    /// <param name="maxRows">The maximum number of rows of the page.</param>
    Task<EncryptedRowKey?> EncryptPageAsync(Guid hospital, EncryptedRowKey after, int maxRows, CancellationToken ct);

    /// <summary>Returns the key of the row that follows another one, without reading its texts; null when none does.</summary>
    Task<EncryptedRowKey?> FindNextAsync(Guid hospital, EncryptedRowKey after, CancellationToken ct);
}

/// <summary>Encrypts the rows of one type.</summary>
public interface IEncryptedTable<TRow> : IEncryptedTable where TRow : IEncryptedRow;

/// <summary>Identifies a row within its hospital's rows of a table, in the order in which they are encrypted.</summary>
/// <param name="Number">The number of the row among those with the same ID; 0 where there is one.</param>
public readonly record struct EncryptedRowKey(Guid Id, long Number = 0);

/// <summary>Encrypts the rows of an entity.</summary>
internal sealed class EncryptedTable<T>(TenantDb db) : IEncryptedTable<T> where T : Entity, IEncryptedRow
{
    public string Name { get; } = db.Model.FindEntityType(typeof(T))!.GetTableName()!;

    public async Task<EncryptedRowKey?> EncryptPageAsync(Guid hospital, EncryptedRowKey after, int maxRows, CancellationToken ct)
    {
        var rows = new List<T>();
        var characters = 0L;
        // One by one: a chat has a million characters and more.
        await foreach (var row in RowsAfter(hospital, after).Take(maxRows).AsAsyncEnumerable().WithCancellation(ct))
        {
            rows.Add(row);
            characters += db.CountCharacters(row);
            if (characters >= IEncryptedTable.MaxCharacters) break;
        }
        await db.ReencryptAsync(rows, ct);
        return rows.Count < maxRows && characters < IEncryptedTable.MaxCharacters ? null : new(rows[^1].Id);
    }

    public async Task<EncryptedRowKey?> FindNextAsync(Guid hospital, EncryptedRowKey after, CancellationToken ct)
    {
        var next = await RowsAfter(hospital, after).Select(row => row.Id).Take(1).ToListAsync(ct);
        return next.Count == 0 ? null : new(next[0]);
    }

    private IQueryable<T> RowsAfter(Guid hospital, EncryptedRowKey after)
    {
        var id = after.Id;
        return db.Rows<T>()
            .Where(row => row.HospitalId == hospital
                && EF.Functions.GreaterThan(ValueTuple.Create(row.HospitalId, row.Id), ValueTuple.Create(hospital, id)))
            .OrderBy(row => row.Id);
    }
}
