using System.Reflection;
using MedCor.Platform.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.Platform.Database;

/// <summary>Tests the comparison of a schema with its migrations for other services than Clinical, whose tests are those of verify-audit.</summary>
public sealed class SchemaComparisonTests
{
    [Fact]
    public async Task A_schema_is_what_its_migrations_say_whoever_owns_it_and_a_change_of_a_tenants_table_is_found()
    {
        var house = await MedCorFixture.Get();
        var server = await house.CreateDatabase();
        var (owner, database) = ($"owner_{Guid.NewGuid():N}", new NpgsqlConnectionStringBuilder(await house.CreateDatabase()));
        await Execute(server, $"CREATE ROLE {owner} LOGIN PASSWORD 'only-for-this-test'");
        await Execute(server, $"ALTER DATABASE {database.Database} OWNER TO {owner}");
        var owners = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = owner, Password = "only-for-this-test" }.ConnectionString;
        var identity = Assembly.Load("MedCor.Identity");
        await new Migrator(identity, "identity", NullLogger.Instance).MigrateAsync(owners, CancellationToken.None);
        await using var serving = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { Options = "-c role=medcor_identity" }.ConnectionString);
        var comparison = new SchemaComparison(identity, "identity", server);

        var untouched = await comparison.CompareAsync(serving, CancellationToken.None);
        Assert.Null(untouched.WhyNotCompared);
        Assert.Empty(untouched.Findings);

        await Execute(owners, "ALTER POLICY hospital ON users USING (true); GRANT SELECT ON users TO PUBLIC; DROP POLICY hospital ON audit_events_default");
        var altered = await comparison.CompareAsync(serving, CancellationToken.None);
        Assert.Equal(
            ["policy hospital on public.users was altered", "table a partition of public.audit_events was altered", "table public.users was altered"],
            altered.Findings.Select(f => f.Split(':')[0]));
    }

    [Fact]
    public async Task Nothing_is_left_of_the_scratch_database()
    {
        var house = await MedCorFixture.Get();
        var database = await house.CreateDatabase();
        var hospital = Assembly.Load("MedCor.Hospital");
        await new Migrator(hospital, "hospital", NullLogger.Instance).MigrateAsync(database, CancellationToken.None);
        await using var owner = NpgsqlDataSource.Create(database);

        Assert.Empty((await new SchemaComparison(hospital, "hospital", database).CompareAsync(owner, CancellationToken.None)).Findings);

        // Other tests may be comparing at the same time.
        await Wait.Until(async () =>
        {
            await using var count = owner.CreateCommand("SELECT count(*) FROM pg_database WHERE datname LIKE 'medcor_scratch_%'");
            return (long)(await count.ExecuteScalarAsync())! == 0;
        }, "no scratch database is left", TimeSpan.FromSeconds(60));
    }

    private static async Task Execute(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
