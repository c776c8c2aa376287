using MedCor.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MedCor.ServiceDefaults.History;

/// <summary>Tells what a service owns, as it now is, in the events that it tells changes by. Found by its type; a service may have several.</summary>
public interface ITellHistory
{
    /// <summary>One event for each thing that there is, of every hospital; never all in memory at once.</summary>
    IAsyncEnumerable<IntegrationEvent> Tell(CancellationToken ct);
}

/// <summary>Reading a whole table a page at a time.</summary>
public static class Pages
{
    /// <summary>How many rows are read at once.</summary>
    public const int Size = 500;

    /// <summary>All rows in the order of a key.</summary>
    /// <param name="after">The rows behind a key, sorted by it.</param>
    public static async IAsyncEnumerable<T> ByKey<T>(Func<Guid, IQueryable<T>> after, Func<T, Guid> key, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct) where T : class
    {
        for (var last = Guid.Empty; ;)
        {
            var page = await after(last).Take(Size).AsNoTracking().ToListAsync(ct);
            foreach (var row in page) yield return row;
            if (page.Count < Size) yield break;
            last = key(page[^1]);
        }
    }
}
