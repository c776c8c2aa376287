using System.Linq.Expressions;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>
/// Compiles queries that are executed often. EF Core otherwise builds and compares the expression of a query each time, which can cost more than the query.
/// </summary>
public static class TenantQuery
{
    /// <summary>Compiles a query of <see cref="DbContext.Set{TEntity}()"/>. It returns the visible rows, as <see cref="TenantDb.Rows{T}()"/> does.</summary>
    public static Func<TDb, T1, T2, T3, IAsyncEnumerable<TResult>> Compile<TDb, T1, T2, T3, TResult>(
        Expression<Func<TDb, T1, T2, T3, IQueryable<TResult>>> query) where TDb : TenantDb where TResult : class
    {
        var ofHospital = EF.CompileAsyncQuery(query);
        var ofAllHospitals = EF.CompileAsyncQuery(query.Update(IgnoreTenantFilter<TResult>(query.Body), query.Parameters));
        return (db, first, second, third) => (db.Tenancy.SeesAllHospitals ? ofAllHospitals : ofHospital)(db, first, second, third);
    }

    private static MethodCallExpression IgnoreTenantFilter<TResult>(Expression rows) where TResult : class =>
        Expression.Call(
            ((Func<IQueryable<TResult>, IReadOnlyCollection<string>, IQueryable<TResult>>)EntityFrameworkQueryableExtensions.IgnoreQueryFilters).Method,
            rows, Expression.Constant(TenantDb.IgnoredFilters, typeof(IReadOnlyCollection<string>)));
}
