using System.Buffers;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.Querying;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MedCor.Platform.Exports;

/// <summary>Reads the rows of a table that an export contains, in the order of their primary key.</summary>
internal abstract class ExportedTable(IEntityType type)
{
    private readonly IProperty[] _columns =
        [.. type.GetProperties().Where(p => p.PropertyInfo is { } property && property.GetCustomAttribute<NotExportedAttribute>() is null)];

    /// <summary>Gets the name of the table.</summary>
    public string Name { get; } = type.GetTableName()!;

    /// <summary>Returns the tables of a service that an export contains, in the order in which they are exported.</summary>
    /// <param name="service">The name of the service.</param>
    /// <param name="ofPerson">Whether the data of one person is exported, or that of a hospital.</param>
    /// <param name="isOwn">Whether the caller is that person.</param>
    public static IEnumerable<ExportedTable> Of(IModel model, string service, bool ofPerson, bool isOwn) =>
        // One service keeps copies of what all have recorded.
        model.GetEntityTypes().Where(type => type.ClrType != typeof(AuditEvent) || service == AuditCopies.Keeper)
            .Where(type => IsExported(type.ClrType, ofPerson, isOwn))
            .OrderBy(type => type.GetTableName(), StringComparer.Ordinal)
            .Select(type => (ExportedTable)Activator.CreateInstance(typeof(ExportedTable<>).MakeGenericType(type.ClrType), type)!);

    /// <summary>Reads the next rows of the caller's hospital.</summary>
    /// <param name="user">The person whose rows are read; null for all of the hospital.</param>
    /// <param name="after">The key after which the rows begin; null for the first.</param>
    public abstract IAsyncEnumerable<object> ReadAsync(TenantDb db, Guid? user, JsonElement[]? after, int maxRows);

    /// <summary>Returns the primary key of a row.</summary>
    public JsonElement[] GetKey(object row) =>
        [.. type.FindPrimaryKey()!.Properties.Select(p => JsonSerializer.SerializeToElement(p.PropertyInfo!.GetValue(row), p.ClrType, Json.Options))];

    /// <summary>Writes a row as a line of JSON.</summary>
    public void Write(IBufferWriter<byte> output, string service, object row)
    {
        using (var json = new Utf8JsonWriter(output, new() { Encoder = Json.Options.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("service", service);
            json.WriteString("table", Name);
            json.WriteStartObject("row");
            foreach (var column in _columns)
            {
                json.WritePropertyName(column.GetColumnName());
                JsonSerializer.Serialize(json, column.PropertyInfo!.GetValue(row), column.ClrType, Json.Options);
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }

    private static bool IsExported(Type type, bool ofPerson, bool isOwn) => type.GetCustomAttribute<PersonalDataAttribute>() is { } personal
        ? personal.IsExported && (ofPerson || type.IsAssignableTo(typeof(ITenantOwned))) && (!personal.IsPrivate || isOwn)
        : !ofPerson && type.GetCustomAttribute<NoPersonalDataAttribute>() is { IsExported: true };
}

/// <inheritdoc cref="ExportedTable"/>
internal sealed class ExportedTable<T>(IEntityType type) : ExportedTable(type) where T : class
{
    private static readonly MethodInfo TupleGreaterThan = ((Func<DbFunctions, ITuple, ITuple, bool>)NpgsqlDbFunctionsExtensions.GreaterThan).Method;

    private readonly IReadOnlyList<IProperty> _key = type.FindPrimaryKey()!.Properties;

    public override IAsyncEnumerable<object> ReadAsync(TenantDb db, Guid? user, JsonElement[]? after, int maxRows)
    {
        var rows = db.Rows<T>().AsNoTracking();
        if (user is { } id) rows = rows.Where(PersonFilter.Of<T>(db, id));
        if (after is not null) rows = rows.Where(IsAfter(after));
        return Sort(rows).Take(maxRows).AsAsyncEnumerable();
    }

    /// <summary>Returns the condition that a row's key follows another, in the order of the primary key.</summary>
    private Expression<Func<T, bool>> IsAfter(JsonElement[] after)
    {
        var row = Expression.Parameter(typeof(T));
        Expression[] keys = [.. _key.Select(p => ToColumn(row, p))];
        Expression[] values = [.. _key.Zip(after, (p, value) => ToParameter(value.Deserialize(p.ClrType, Json.Options), p.ClrType))];
        var follows = keys.Length == 1
            ? Expression.GreaterThan(keys[0], values[0])
            : (Expression)Expression.Call(TupleGreaterThan, Expression.Constant(EF.Functions), ToTuple(keys), ToTuple(values));
        return Expression.Lambda<Func<T, bool>>(follows, row);
    }

    private IQueryable<T> Sort(IQueryable<T> rows)
    {
        var sorted = rows;
        foreach (var (i, property) in _key.Index())
        {
            var row = Expression.Parameter(typeof(T));
            var by = Expression.Lambda(ToColumn(row, property), row);
            var method = i == 0 ? nameof(Queryable.OrderBy) : nameof(Queryable.ThenBy);
            sorted = sorted.Provider.CreateQuery<T>(
                Expression.Call(typeof(Queryable), method, [typeof(T), property.ClrType], sorted.Expression, Expression.Quote(by)));
        }
        return sorted;
    }

    private static MethodCallExpression ToColumn(ParameterExpression row, IProperty property) =>
        Expression.Call(typeof(EF), nameof(EF.Property), [property.ClrType], row, Expression.Constant(property.Name));

    /// <summary>Passes a value as a parameter of the statement.</summary>
    private static Expression ToParameter(object? value, Type type) =>
        (Expression)typeof(QueryParameter).GetMethod(nameof(QueryParameter.Of), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type)
            .Invoke(null, [value])!;

    private static UnaryExpression ToTuple(Expression[] items) => Expression.Convert(
        Expression.Call(typeof(ValueTuple), nameof(ValueTuple.Create), [.. items.Select(item => item.Type)], items),
        typeof(ITuple));
}
