using MedCor.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Replay;

/// <summary>
/// Replays the current state of a service's data as the events by which the service publishes changes. Found by its type; a service may have several.
/// </summary>
public interface IReplaySource
{
    /// <summary>Returns the next page of rows, of all hospitals, in the order of their keys. A page that is not full is the last.</summary>
    /// <param name="after">The key after which the page begins.</param>
    Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct);
}

/// <summary>Identifies a row's position in the order in which its table is replayed.</summary>
/// <param name="HospitalId">
/// The hospital with which the row's primary key begins; <see cref="Guid.Empty"/> in a table whose key does not begin with a hospital.
/// </param>
public readonly record struct RowKey(Guid HospitalId, Guid Id);

/// <summary>Represents a row and the events that describe its current state.</summary>
public sealed record ReplayItem(RowKey Key, IReadOnlyList<IntegrationEvent> Events);

/// <summary>Reads a whole table page by page.</summary>
public static class ReplayPages
{
    /// <summary>The maximum number of rows that are replayed in one transaction.</summary>
    public const int PageSize = 500;

    /// <summary>Returns the first page of rows that are sorted by their key.</summary>
    public static async Task<IReadOnlyList<ReplayItem>> ToReplayPageAsync<T>(this IQueryable<T> rows, Func<T, RowKey> key,
        Func<T, IEnumerable<IntegrationEvent>> events, CancellationToken ct) where T : class =>
            [.. (await rows.AsNoTracking().Take(PageSize).ToListAsync(ct)).Select(row => new ReplayItem(key(row), [.. events(row)]))];
}
