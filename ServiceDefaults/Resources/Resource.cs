using System.Linq.Expressions;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.ServiceDefaults.Resources;

/// <summary>Answers what is asked of a resource. Found by its type; a resource of the service without one stops the service's start.</summary>
/// <typeparam name="TContract">The record that promises the resource.</typeparam>
public interface IResource<TContract>
{
    /// <summary>A page, or for a resource that is one thing that thing. Refuses by throwing a <see cref="Refusal"/>.</summary>
    Task<object> List(ResourceQuery asked, CancellationToken ct);

    /// <summary>The one of this id. Throws <see cref="Missing"/>.</summary>
    Task<TContract> Get(Guid id, CancellationToken ct);
}

/// <summary>A kind of rows as callers see them: which, by which fields, in which shape. What its tools and its resource have in common.</summary>
/// <typeparam name="T">The entity.</typeparam>
/// <typeparam name="TRow">The entity with what belongs to it.</typeparam>
/// <typeparam name="TContract">What callers are shown.</typeparam>
public abstract class Resource<T, TRow, TContract>(TenantDb db) : IResource<TContract> where T : class where TRow : class
{
    /// <summary>What it can be sorted and filtered by.</summary>
    protected internal abstract Fields<T> Fields { get; }

    /// <summary>The rows that the caller may see.</summary>
    protected abstract IQueryable<T> Rows { get; }

    /// <summary>The field that says whose a row is, where patients see their own rows alone.</summary>
    protected internal virtual string? OwnedBy => null;

    /// <summary>What it is called when there is none.</summary>
    protected abstract string Thing { get; }

    /// <summary>Adds what belongs to the rows.</summary>
    protected abstract IQueryable<TRow> Complete(IQueryable<T> rows);

    /// <summary>What the caller is shown of a row.</summary>
    protected abstract TContract Show(TRow row);

    /// <summary>A page as a tool asks for it. Throws <see cref="Invalid"/>.</summary>
    /// <param name="narrow">Adds the tool's own filters.</param>
    public Task<Page<TContract>> Page(ListOf<TContract> asked, Action<Listing<T>> narrow, CancellationToken ct)
    {
        var list = Owned(Listing<T>.Of(db, Fields, Rows, asked));
        narrow(list);
        return Read(list, ct);
    }

    /// <inheritdoc/>
    public virtual async Task<TContract> Get(Guid id, CancellationToken ct) =>
        Show(await Complete(Rows.Where(Fields.Id.Compare(ExpressionType.Equal, id))).AsNoTracking().SingleOrDefaultAsync(ct) ?? throw new Missing(Thing));

    async Task<object> IResource<TContract>.List(ResourceQuery asked, CancellationToken ct) => await Read(Owned(asked.Of(db, Fields, Rows)), ct);

    /// <summary>Reads the page of a list.</summary>
    protected virtual Task<Page<TContract>> Read(Listing<T> list, CancellationToken ct) => list.Page(Complete, Show, ct);

    private Listing<T> Owned(Listing<T> list) => OwnedBy is { } field && db.Tenancy.Caller.Kind == Callers.Patient ? list.AllOfOne(field) : list;
}

/// <summary>A resource whose rows need nothing added.</summary>
public abstract class Resource<T, TContract>(TenantDb db) : Resource<T, T, TContract>(db) where T : class
{
    /// <inheritdoc/>
    protected override IQueryable<T> Complete(IQueryable<T> rows) => rows;
}
