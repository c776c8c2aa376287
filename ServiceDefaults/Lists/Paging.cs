using System.Linq.Expressions;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Problems;
using Microsoft.EntityFrameworkCore;

namespace MedCor.ServiceDefaults.Lists;

/// <summary>The fields that a list may be sorted by, under the names that its rows have in the contract.</summary>
/// <typeparam name="T">The entity.</typeparam>
public sealed class SortFields<T>(string byDefault) : IEnumerable<string> where T : notnull
{
    private readonly Dictionary<string, Func<IQueryable<T>, bool, bool, IOrderedQueryable<T>>> fields = [];
    private Expression<Func<T, Guid>>? last;

    /// <summary>Lets a field be sorted by.</summary>
    public void Add<TKey>(string name, Expression<Func<T, TKey>> field) => fields.Add(name, (rows, first, down) => (first, down) switch
    {
        (true, false) => rows.OrderBy(field),
        (true, true) => rows.OrderByDescending(field),
        (false, false) => ((IOrderedQueryable<T>)rows).ThenBy(field),
        (false, true) => ((IOrderedQueryable<T>)rows).ThenByDescending(field),
    });

    /// <summary>What decides between equals, so that a page never shows a row twice.</summary>
    public SortFields<T> Then(Expression<Func<T, Guid>> id)
    {
        last = id;
        return this;
    }

    /// <summary>Sorts. Throws <see cref="Invalid"/> naming the fields there are when one is unknown.</summary>
    public IQueryable<T> Apply(IQueryable<T> rows, string? sort)
    {
        var first = true;
        var used = new HashSet<string>();
        foreach (var part in (sort ?? byDefault).Split(',', fields.Count + 1, StringSplitOptions.TrimEntries))
        {
            var down = part.StartsWith('-');
            var name = down ? part[1..] : part;
            if (!fields.TryGetValue(name, out var field) || !used.Add(name))
                throw new Invalid("sort", $"can be {string.Join(", ", fields.Keys)}, each once and also with a leading -");
            rows = field(rows, first, down);
            first = false;
        }
        return last is null ? rows : ((IOrderedQueryable<T>)rows).ThenBy(last);
    }

    /// <summary>The fields' names.</summary>
    public IEnumerator<string> GetEnumerator() => fields.Keys.GetEnumerator();

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>From a query to one page of it.</summary>
public static class Paging
{
    /// <summary>Sorts, counts, and reads the page that was asked for.</summary>
    public static async Task<Page<TResult>> Page<T, TResult>(this IQueryable<T> rows, ListOf<TResult> asked, SortFields<T> sort, Func<T, TResult> show, CancellationToken ct) where T : class
    {
        var sorted = sort.Apply(rows, asked.Sort).AsNoTracking();
        var skip = (asked.Page - 1) * asked.Limit;
        var total = await rows.LongCountAsync(ct);
        var page = total > skip ? await sorted.Skip(skip).Take(asked.Limit).ToListAsync(ct) : [];
        return new([.. page.Select(show)], total, asked.Page, asked.Limit, skip + page.Count < total);
    }
}
