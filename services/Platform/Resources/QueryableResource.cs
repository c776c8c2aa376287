using System.Linq.Expressions;
using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Resources;

/// <summary>Answers what is asked of a resource. Found by its type; a resource of the service without one stops the service's start.</summary>
/// <typeparam name="TContract">The record that promises the resource.</typeparam>
public interface IResourceHandler<TContract>
{
    /// <summary>A page, or for a resource that is one thing that thing. Refuses by throwing a <see cref="ApiException"/>.</summary>
    Task<object> ListAsync(ResourceQuery query, CancellationToken ct);

    /// <summary>The one of this id. Throws <see cref="NotFound"/>.</summary>
    Task<TContract> GetAsync(Guid id, CancellationToken ct);
}

/// <summary>A list that can be asked for in an order.</summary>
internal interface ISortable
{
    /// <summary>What is wrong with an order by itself, whatever the list is narrowed by; null where nothing is.</summary>
    string? FindSortError(string? sort);
}

/// <summary>A kind of rows as callers see them: which, by which fields, in which shape. What its tools and its resource have in common.</summary>
/// <typeparam name="T">The entity.</typeparam>
/// <typeparam name="TRow">The entity with what belongs to it.</typeparam>
/// <typeparam name="TContract">What callers are shown.</typeparam>
public abstract class QueryableResource<T, TRow, TContract>(TenantDb db) : IResourceHandler<TContract>, ISortable where T : class where TRow : class
{
    /// <summary>What it can be sorted and filtered by.</summary>
    protected internal abstract QueryableFields<T> Fields { get; }

    /// <summary>The rows that the caller may see.</summary>
    protected abstract IQueryable<T> Rows { get; }

    /// <summary>The field that says whose a row is, where patients see their own rows alone.</summary>
    protected internal virtual string? OwnerField => null;

    /// <summary>What it is called when there is none.</summary>
    protected abstract string EntityName { get; }

    /// <summary>Adds what belongs to the rows.</summary>
    protected abstract IQueryable<TRow> IncludeRelated(IQueryable<T> rows);

    /// <summary>What the caller is shown of a row.</summary>
    protected abstract TContract ToContract(TRow row);

    /// <summary>A page as a tool asks for it. Throws <see cref="ValidationFailed"/>, and <see cref="Forbidden"/> for a patient who asks for the rows of another.</summary>
    /// <param name="narrow">Adds the tool's own filters.</param>
    public Task<Page<TContract>> ReadPageAsync(PagedTool<TContract> request, Action<ListQuery<T>> narrow, CancellationToken ct)
    {
        var list = RestrictToOwner(ListQuery<T>.Create(db, Fields, Rows, request));
        narrow(list);
        return ReadAsync(list, ct);
    }

    /// <inheritdoc/>
    public virtual async Task<TContract> GetAsync(Guid id, CancellationToken ct) =>
        ToContract(await IncludeRelated(Rows.Where(Fields.Id.Compare(ExpressionType.Equal, id))).AsNoTracking().SingleOrDefaultAsync(ct) ?? throw new NotFound(EntityName));

    async Task<object> IResourceHandler<TContract>.ListAsync(ResourceQuery asked, CancellationToken ct) => await ReadAsync(RestrictToOwner(asked.ToListQuery(db, Fields, Rows)), ct);

    string? ISortable.FindSortError(string? sort) => Fields.FindSortError(sort);

    /// <summary>Reads the page of a list.</summary>
    protected virtual Task<Page<TContract>> ReadAsync(ListQuery<T> list, CancellationToken ct) => list.ReadPageAsync(IncludeRelated, ToContract, ct);

    private ListQuery<T> RestrictToOwner(ListQuery<T> list) => OwnerField is { } field && db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } ? list.RestrictTo(field, me, EntityName) : list;
}

/// <summary>A resource whose rows need nothing added.</summary>
public abstract class QueryableResource<T, TContract>(TenantDb db) : QueryableResource<T, T, TContract>(db) where T : class
{
    /// <inheritdoc/>
    protected override IQueryable<T> IncludeRelated(IQueryable<T> rows) => rows;
}
