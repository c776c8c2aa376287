using System.Collections.Concurrent;
using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;

namespace MedCor.Platform.Database;

/// <summary>Encrypts and decrypts the properties of a type of entity that are <see cref="EncryptedAttribute">stored encrypted</see>.</summary>
internal sealed class EncryptedColumns
{
    private const string EmptyList = "[]";

    private static readonly ConcurrentDictionary<Type, EncryptedColumns> ByType = new();

    private readonly string _table;
    private readonly Column[] _columns;
    private readonly Func<object, object?>[] _rowKey;

    private EncryptedColumns(IReadOnlyEntityType type)
    {
        _table = type.GetTableName()!;
        _columns =
        [
            .. from property in type.GetProperties()
               let declared = property.PropertyInfo?.GetCustomAttribute<EncryptedAttribute>()
               where declared is not null
               select new Column($"{_table}.{property.GetColumnName()}", property.Name, declared.IfDestroyed, property.GetColumnType() == "jsonb",
                   CompileGetter(property.PropertyInfo!), CompileSetter(property.PropertyInfo!)),
        ];
        _rowKey = [.. type.FindPrimaryKey()!.Properties.Where(p => p.Name != nameof(ITenantOwned.HospitalId)).Select(p => CompileGetter(p.PropertyInfo!))];
    }

    /// <summary>Returns the encrypted columns of a type of entity.</summary>
    public static EncryptedColumns Of(IReadOnlyTypeBase type) => ByType.GetOrAdd(type.ClrType, static (_, of) => new((IReadOnlyEntityType)of), type);

    /// <summary>Throws <see cref="InvalidOperationException"/> when a type of entity has encrypted properties, but is no <see cref="IEncryptedRow"/>.</summary>
    public static void Validate(IReadOnlyEntityType type)
    {
        if (!type.ClrType.IsAssignableTo(typeof(IEncryptedRow))
            && type.GetProperties().FirstOrDefault(p => p.PropertyInfo?.GetCustomAttribute<EncryptedAttribute>() is not null) is { } property)
            throw new InvalidOperationException($"{type.ClrType.Name}.{property.Name} is encrypted, but {type.ClrType.Name} is no {nameof(IEncryptedRow)}.");
    }

    /// <summary>Decrypts what EF Core has read into an entity, and reports what should be encrypted and is not.</summary>
    public void Decrypt(IEncryptedRow row, TextEncryption? texts)
    {
        string? key = null;
        foreach (var column in _columns)
        {
            var value = column.Get(row);
            if (column.FindEncrypted(value) is { } stored)
                column.SetText(row, Require(texts).Decrypt(stored, Locate(row, column, ref key), column.IsList(row) ? EmptyList : column.IfDestroyed));
            // What is empty is never encrypted.
            else if (texts is not null && value is not (null or "" or string[] { Length: 0 }) && texts.IsPlainTextForeign(row.HospitalId))
                texts.ReportForeign(Locate(row, column, ref key));
        }
    }

    /// <summary>Encrypts the texts of an entity, all with the same key, and returns them as they were. Without a key, they stay as they are.</summary>
    /// <param name="entry">The entry of the entity, of which only what is saved is encrypted; null to encrypt all.</param>
    public IReadOnlyList<EncryptedText> Encrypt(IEncryptedRow row, TextEncryption? texts, EntityEntry? entry = null)
    {
        string? rowKey = null;
        DataKey? inUse = null;
        var encrypted = new List<EncryptedText>();
        foreach (var column in _columns)
        {
            if (entry is { State: EntityState.Modified } && !entry.Property(column.Property).IsModified) continue;
            var text = column.Get(row);
            if (text is null or "" or string[] { Length: 0 }) continue;
            inUse ??= Require(texts).FindKey(row.HospitalId);
            if (inUse is null) break;
            encrypted.Add(new(column.Property, text, column.Set));
            column.SetStored(row, TextEncryption.Encrypt(Column.ToText(text), Locate(row, column, ref rowKey), inUse));
        }
        return encrypted;
    }

    /// <summary>Marks the texts of an entity, so that they are encrypted anew when it is saved.</summary>
    public void MarkModified(EntityEntry entry)
    {
        foreach (var column in _columns) entry.Property(column.Property).IsModified = true;
    }

    /// <summary>Returns the number of characters in the texts of an entity.</summary>
    public long CountCharacters(IEncryptedRow row) => _columns.Sum(column => column.Get(row) switch
    {
        string text => text.Length,
        string[] list => list.Sum(text => (long)text.Length),
        _ => 0L,
    });

    /// <summary>Returns the query for a row of a hospital with a text that is encrypted with a key. It reads all of them.</summary>
    public FormattableString FindUse(Guid hospital, Guid keyId)
    {
        // A list and JSON begin with other characters than the text in them.
        var isEncrypted = string.Join(" OR ", _columns.Select(column => $"position({{1}} IN left({column.Name}::text, 60)) > 0"));
        return FormattableStringFactory.Create($"SELECT 1 AS \"Value\" FROM {_table} WHERE hospital_id = {{0}} AND ({isEncrypted}) LIMIT 1",
            hospital, TextEncryption.GetPrefix(keyId));
    }

    private TextLocation Locate(IEncryptedRow row, Column column, ref string? key) =>
        new(row.HospitalId, column.Name, key ??= string.Join('/', _rowKey.Select(get => Convert.ToString(get(row), CultureInfo.InvariantCulture))));

    private static TextEncryption Require(TextEncryption? texts) =>
        texts ?? throw new InvalidOperationException("A service with encrypted texts has encryption; this database was opened without.");

    private static Func<object, object?> CompileGetter(PropertyInfo property)
    {
        var row = Expression.Parameter(typeof(object));
        return Expression.Lambda<Func<object, object?>>(
            Expression.Convert(Expression.Property(Expression.Convert(row, property.DeclaringType!), property), typeof(object)), row).Compile();
    }

    private static Action<object, object?> CompileSetter(PropertyInfo property)
    {
        var (row, value) = (Expression.Parameter(typeof(object)), Expression.Parameter(typeof(object)));
        return Expression.Lambda<Action<object, object?>>(
            Expression.Assign(Expression.Property(Expression.Convert(row, property.DeclaringType!), property),
                Expression.Convert(value, property.PropertyType)), row, value).Compile();
    }

    /// <param name="Name">The table and the column.</param>
    /// <param name="IsJson">Whether the column accepts JSON only. The encrypted text is then stored as a JSON string.</param>
    private sealed record Column(string Name, string Property, string IfDestroyed, bool IsJson, Func<object, object?> Get, Action<object, object?> Set)
    {
        /// <summary>Returns whether the property is a list of texts, which is encrypted as a whole and stored as the only element of a list.</summary>
        public bool IsList(object row) => Get(row) is string[];

        /// <summary>Returns the encrypted text in a stored value; null when the value is not encrypted.</summary>
        public string? FindEncrypted(object? value)
        {
            var stored = value switch
            {
                string text => IsJson ? text.Trim('"') : text,
                string[] { Length: 1 } list => list[0],
                _ => null,
            };
            return stored is not null && TextEncryption.IsEncrypted(stored) ? stored : null;
        }

        public static string ToText(object value) => value is string[] list ? JsonSerializer.Serialize(list, Json.Options) : (string)value;

        public void SetText(object row, string text) => Set(row, IsList(row) ? JsonSerializer.Deserialize<string[]>(text, Json.Options) : text);

        public void SetStored(object row, string encrypted) => Set(row, IsList(row) ? (string[])[encrypted] : IsJson ? $"\"{encrypted}\"" : encrypted);
    }
}

/// <summary>Represents a property of an entity that is encrypted while it is saved.</summary>
/// <param name="Text">The value as it was written.</param>
/// <param name="Set">Sets the property of an entity.</param>
internal sealed record EncryptedText(string Property, object Text, Action<object, object?> Set);
