using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Querying;

/// <summary>Builds the condition that a row is the data of a person, as <see cref="PersonalDataAttribute"/> declares.</summary>
internal static class PersonFilter
{
    /// <summary>Returns the condition for an entity that has the attribute.</summary>
    internal static Expression<Func<T, bool>> Of<T>(TenantDb db, Guid person) where T : class
    {
        var (row, declared) = (Expression.Parameter(typeof(T)), typeof(T).GetCustomAttribute<PersonalDataAttribute>()!);
        return Expression.Lambda<Func<T, bool>>(
            declared.PartOf is { } whole ? IsPartOf(db, row, declared.People[0], whole, person) : NamesPerson(db, row, declared, person), row);
    }

    /// <summary>Returns the condition that an entity, whose ID the row contains, is the person's.</summary>
    private static MethodCallExpression IsPartOf(TenantDb db, ParameterExpression row, string property, Type whole, Guid person)
    {
        var rows = (IQueryable)typeof(TenantDb).GetMethod(nameof(TenantDb.Rows), 1, Type.EmptyTypes)!.MakeGenericMethod(whole).Invoke(db, null)!;
        var other = Expression.Parameter(whole);
        var condition = Expression.AndAlso(Expression.Equal(ToColumn(db, other, nameof(Entity.Id)), ToColumn(db, row, property)),
            NamesPerson(db, other, whole.GetCustomAttribute<PersonalDataAttribute>()!, person));
        return Expression.Call(typeof(Queryable), nameof(Queryable.Any), [whole], rows.Expression, Expression.Quote(Expression.Lambda(condition, other)));
    }

    private static Expression NamesPerson(TenantDb db, ParameterExpression row, PersonalDataAttribute declared, Guid person) =>
        declared.People.Select(property => ToColumn(db, row, property)).Select(column => (Expression)Expression.Equal(column, ToParameter(person, column.Type)))
            .Aggregate(Expression.OrElse);

    private static MethodCallExpression ToColumn(TenantDb db, ParameterExpression row, string property) => Expression.Call(typeof(EF), nameof(EF.Property),
        [db.Model.FindEntityType(row.Type)!.FindProperty(property)!.ClrType], row, Expression.Constant(property));

    /// <summary>Passes the ID of the person as a parameter, in the type of the column that contains it.</summary>
    private static MemberExpression ToParameter(Guid person, Type column) =>
        column == typeof(Guid) ? QueryParameter.Of(person)
        : column == typeof(Guid?) ? QueryParameter.Of<Guid?>(person)
        : QueryParameter.Of(person.ToString("D", CultureInfo.InvariantCulture));
}
