using MedCor.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Replay;

/// <summary>Tells what a service owns, as it now is, in the events that it tells changes by. Found by its type; a service may have several.</summary>
public interface IReplaySource
{
    /// <summary>The next page of what there is, of every hospital, in the order of its keys; an unfilled one is the last.</summary>
    /// <param name="after">Behind which key.</param>
    Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct);
}

/// <summary>Identifies a row's position in the order in which its table is replayed.</summary>
/// <param name="HospitalId">As its primary key begins; <see cref="Guid.Empty"/> in a table whose key does not begin with a hospital.</param>
public readonly record struct RowKey(Guid HospitalId, Guid Id);

/// <summary>A row, and the events that tell how it now is.</summary>
public sealed record ReplayItem(RowKey Key, IReadOnlyList<IntegrationEvent> Events);

/// <summary>Reading a whole table a page at a time.</summary>
public static class ReplayPages
{
    /// <summary>Bounds the rows that are replayed in one transaction.</summary>
    public const int PageSize = 500;

    /// <summary>The first of these rows, which are sorted by their key.</summary>
    public static async Task<IReadOnlyList<ReplayItem>> ToReplayPageAsync<T>(this IQueryable<T> rows, Func<T, RowKey> key, Func<T, IEnumerable<IntegrationEvent>> events, CancellationToken ct) where T : class =>
        [.. (await rows.AsNoTracking().Take(PageSize).ToListAsync(ct)).Select(row => new ReplayItem(key(row), [.. events(row)]))];
}
