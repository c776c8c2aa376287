using System.Linq.Expressions;
using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Resources;

/// <summary>Handles requests for a resource. Found by its type; the service does not start when one of its resources has no handler.</summary>
/// <typeparam name="TContract">The record that defines the resource in the contract.</typeparam>
public interface IResourceHandler<TContract>
{
    /// <summary>Returns a page or, for a resource that is a single object, that object. Throws an <see cref="ApiException"/> to reject the request.</summary>
    Task<object> ListAsync(ResourceQuery query, CancellationToken ct);

    /// <summary>Returns the object with an ID. Throws <see cref="NotFound"/> when there is none.</summary>
    Task<TContract> GetAsync(Guid id, CancellationToken ct);
}

/// <summary>Represents a list that can be sorted.</summary>
internal interface ISortable
{
    /// <summary>Returns the error in a sort order by itself, whatever the filters; null when there is none.</summary>
    string? FindSortError(string? sort);
}

/// <summary>Defines the visible rows, the fields and the representation of a resource, for its tools and its resource endpoint alike.</summary>
/// <typeparam name="T">The entity.</typeparam>
/// <typeparam name="TRow">The entity with its related data.</typeparam>
/// <typeparam name="TContract">The representation that callers receive.</typeparam>
public abstract class QueryableResource<T, TRow, TContract>(TenantDb db) : IResourceHandler<TContract>, ISortable where T : class where TRow : class
{
    /// <summary>Gets the fields by which the resource can be sorted and filtered.</summary>
    protected internal abstract QueryableFields<T> Fields { get; }

    /// <summary>
    /// Gets the rows of which <see cref="Limit"/> leaves those that the caller may see. <see cref="PrepareAsync"/> has been awaited before and, for a list of a
    /// resource, <see cref="PrepareForIdsAsync"/>.
    /// </summary>
    protected abstract IQueryable<T> Rows { get; }

    /// <summary>Gets which of the rows the caller may see; null for all.</summary>
    protected virtual RowLimit<T>? Limit => null;

    /// <summary>Gets the field that holds a row's owner, when patients see only their own rows.</summary>
    protected internal virtual string? OwnerField => null;

    /// <summary>Gets the name of the entity in errors.</summary>
    protected abstract string EntityName { get; }

    /// <summary>Adds related data to the rows.</summary>
    protected abstract IQueryable<TRow> IncludeRelated(IQueryable<T> rows);

    /// <summary>Converts a row to the representation that callers receive.</summary>
    protected abstract TContract ToContract(TRow row);

    /// <summary>
    /// Returns the page that a tool requests. Throws <see cref="ValidationFailed"/>, and <see cref="Forbidden"/> for a patient who requests the rows of another
    /// patient for whom they do not act.
    /// </summary>
    /// <param name="filter">Adds the tool's own filters.</param>
    public async Task<Page<TContract>> ReadPageAsync(PagedTool<TContract> request, Action<ListQuery<T>> filter, CancellationToken ct)
    {
        await PrepareAsync(ct);
        var list = ListQuery<T>.Create(db, Fields, Rows, request).Limit(Limit);
        filter(list);
        return await ReadAsync(await RestrictToOwnerAsync(list, ct), ct);
    }

    /// <inheritdoc/>
    public virtual async Task<TContract> GetAsync(Guid id, CancellationToken ct)
    {
        await PrepareAsync(ct);
        var rows = Rows.Where(Fields.Id.Compare(ExpressionType.Equal, id));
        if (Limit is { } limit) rows = rows.Where(limit.Condition);
        return ToContract(await IncludeRelated(rows).AsNoTracking().SingleOrDefaultAsync(ct) ?? throw new NotFound(EntityName));
    }

    async Task<object> IResourceHandler<TContract>.ListAsync(ResourceQuery query, CancellationToken ct)
    {
        await PrepareAsync(ct);
        await PrepareForIdsAsync(query.Ids, ct);
        var page = await ReadAsync(await RestrictToOwnerAsync(query.ToListQuery(db, Fields, Rows).Limit(Limit), ct), ct);
        if (page.Total > 0 || query.PatientIds.Count != 1 || await FindSurvivingPatientAsync(query.PatientIds.Single(), ct) is not { } survivingId) return page;
        query.ReplacePatient(survivingId);
        return await ReadAsync(await RestrictToOwnerAsync(query.ToListQuery(db, Fields, Rows).Limit(Limit), ct), ct);
    }

    string? ISortable.FindSortError(string? sort) => Fields.FindSortError(sort);

    /// <summary>Reads what decides which rows the caller may see, if that takes a query of its own.</summary>
    protected virtual Task PrepareAsync(CancellationToken ct) => Task.CompletedTask;

    /// <summary>
    /// Reads which rows, among those that the filter of a list names by their IDs, the caller may see besides their own, if that takes a query of its own.
    /// </summary>
    protected virtual Task PrepareForIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct) => Task.CompletedTask;

    /// <summary>Returns the ID of the patient to whom the rows of a merged one belong; null for one who was not merged.</summary>
    protected virtual Task<Guid?> FindSurvivingPatientAsync(Guid patientId, CancellationToken ct) => Task.FromResult<Guid?>(null);

    /// <summary>Returns those of some patients for whom the caller acts at this moment, so that the list may show their rows; none by default.</summary>
    protected virtual Task<Guid[]> FindRepresentedAsync(Guid[] patients, CancellationToken ct) => Task.FromResult<Guid[]>([]);

    /// <summary>Reads the page of a list.</summary>
    protected virtual Task<Page<TContract>> ReadAsync(ListQuery<T> list, CancellationToken ct) => list.ReadPageAsync(IncludeRelated, ToContract, ct);

    private async Task<ListQuery<T>> RestrictToOwnerAsync(ListQuery<T> list, CancellationToken ct)
    {
        if (OwnerField is not { } field || db.Tenancy.Caller is not { Kind: Callers.Patient, UserId: var me }) return list;
        var others = list.FindOtherOwners(field, me);
        return list.RestrictTo(field, me, EntityName, others.Length == 0 ? [] : await FindRepresentedAsync(others, ct));
    }
}

/// <summary>Defines a resource whose rows need no related data.</summary>
public abstract class QueryableResource<T, TContract>(TenantDb db) : QueryableResource<T, T, TContract>(db) where T : class
{
    /// <inheritdoc/>
    protected override IQueryable<T> IncludeRelated(IQueryable<T> rows) => rows;
}
