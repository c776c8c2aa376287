using System.Reflection;
using MedCor.Platform.Database;
using MedCor.Platform.Erasures;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MedCor.Tests.Services.Platform.Erasures;

/// <summary>Tests that an erasure deletes the person's rows of each entity that is not kept, in all services, and those of nobody else.</summary>
public sealed class PersonalRowsTests
{
    public static TheoryData<Type> Databases => [.. ServiceDatabases.All];

    [Theory, MemberData(nameof(Databases))]
    public Task The_rows_of_a_person_are_deleted_from_each_table_and_those_of_others_stay(Type dbType) =>
        (Task)typeof(PersonalRowsTests).GetMethod(nameof(Erase), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(dbType).Invoke(null, null)!;

    private static async Task Erase<TDb>() where TDb : TenantDb
    {
        await using var connection = await (await MedCorFixture.Get()).OpenDatabase(typeof(TDb).Name[..^2].ToLowerInvariant());
        // Rolled back at the end: nobody else sees the rows.
        await using var transaction = await connection.BeginTransactionAsync();
        // Without foreign keys, so that a row needs no others.
        await Execute(connection, "SET LOCAL session_replication_role = replica");
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System)
            .AddTenantDb<TDb>((_, db) => db.UseNpgsql(connection)).BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Enter(hospital: null);
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        await db.Database.UseTransactionAsync(transaction);
        var (erased, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        IEntityType[] types =
        [
            .. db.Model.GetEntityTypes().Where(t => t.ClrType.GetCustomAttribute<PersonalDataAttribute>() is { OnErasure: OnErasure.Delete }),
        ];
        Assert.NotEmpty(types);
        foreach (var person in (Guid[])[erased, other])
            foreach (var type in types) await Insert(connection, type, person);

        Assert.Equal(types.Length, await new PersonalRows(db).DeleteAllAsync(erased, CancellationToken.None));

        foreach (var type in types)
            Assert.Equal((type.GetTableName(), 0L, 1L), (type.GetTableName(), await Count(connection, type, erased), await Count(connection, type, other)));
        await transaction.RollbackAsync();
    }

    /// <summary>Inserts a row of a person that has no more than it must.</summary>
    private static async Task Insert(NpgsqlConnection connection, IEntityType type, Guid person)
    {
        var own = PersonColumns(type);
        var values = new Dictionary<string, string>();
        await using (var columns = new NpgsqlCommand("""
            SELECT column_name::text, udt_name::text FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name::text = $1 AND is_identity = 'NO' AND is_generated = 'NEVER'
                AND (column_name::text = ANY ($2) OR is_nullable = 'NO' AND column_default IS NULL)
            """, connection) { Parameters = { new() { Value = type.GetTableName()! }, new() { Value = own } } })
        await using (var reader = await columns.ExecuteReaderAsync())
            while (await reader.ReadAsync())
            {
                var (name, kind) = (reader.GetString(0), reader.GetString(1));
                // What is part of a row of the person names it by its ID.
                values[name] = own.Contains(name) || name == "id" && kind == "uuid" ? $"'{person}'" : name == "purpose" ? "'INVITATION'" : AnyOf(kind);
            }
        await Execute(connection, $"INSERT INTO {type.GetTableName()} ({string.Join(", ", values.Keys)}) VALUES ({string.Join(", ", values.Values)})");
    }

    private static string[] PersonColumns(IEntityType type) =>
        [.. type.ClrType.GetCustomAttribute<PersonalDataAttribute>()!.People.Select(name => type.FindProperty(name)!.GetColumnName())];

    /// <summary>Returns a value of a type of PostgreSQL.</summary>
    private static string AnyOf(string kind) => kind switch
    {
        "uuid" => "gen_random_uuid()",
        "bool" => "false",
        "timestamptz" => "now()",
        "date" => "current_date",
        "interval" => "interval '1 day'",
        "jsonb" => "'{}'",
        "bytea" => "decode(md5(random()::text), 'hex')",
        "int2" or "int4" or "int8" or "numeric" => "1",
        "inet" => "'127.0.0.1'",
        ['_', ..] => "'{}'",
        _ => "gen_random_uuid()::text",
    };

    private static async Task<long> Count(NpgsqlConnection connection, IEntityType type, Guid person)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT count(*) FROM {type.GetTableName()} WHERE {PersonColumns(type)[0]}::text = $1", connection);
        command.Parameters.Add(new() { Value = $"{person}" });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
