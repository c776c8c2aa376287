using MedCor.Analytics;
using MedCor.Clinical;
using MedCor.Platform.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.Platform.Database;

public class MigratorTests
{
    private static readonly Migrator Migrator = new(typeof(AnalyticsDb).Assembly, "analytics", NullLogger.Instance);

    [Fact]
    public async Task Replicas_that_migrate_at_once_apply_each_migration_once()
    {
        var owner = await (await MedCorFixture.Get()).CreateDatabase();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Migrator.MigrateAsync(owner, CancellationToken.None)));

        await using var database = NpgsqlDataSource.Create(owner);
        await Migrator.VerifyAsync(database, CancellationToken.None);
    }

    [Fact]
    public async Task A_schema_that_lacks_a_migration_is_refused_by_name()
    {
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        await Migrator.MigrateAsync(owner, CancellationToken.None);
        await using var database = NpgsqlDataSource.Create(owner);
        await using (var forget = database.CreateCommand("DELETE FROM schema_migrations WHERE name LIKE 'analytics/%'")) await forget.ExecuteNonQueryAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Migrator.VerifyAsync(database, CancellationToken.None));

        Assert.Contains("analytics/0001_visits", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_was_applied_is_refused()
    {
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        await Migrator.MigrateAsync(owner, CancellationToken.None);
        await using (var database = NpgsqlDataSource.Create(owner))
        await using (var change = database.CreateCommand("UPDATE schema_migrations SET checksum = 'other' WHERE name = 'analytics/0001_visits'"))
            await change.ExecuteNonQueryAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => Migrator.MigrateAsync(owner, CancellationToken.None));
    }

    [Fact]
    public async Task An_invalid_index_is_refused_by_name_until_it_is_rebuilt()
    {
        const string index = "appointments_by_status_and_start";
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        var clinical = new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance);
        await clinical.MigrateAsync(owner, CancellationToken.None);
        await using var database = NpgsqlDataSource.Create(owner);
        await Run($"DROP INDEX {index}; ALTER TABLE appointments DROP COLUMN booked_by CASCADE");
        await Run("DELETE FROM schema_migrations WHERE name = 'clinical/0008_bookings'");

        // Built by hand before the upgrade, the index waits for concurrent writers; here the build gives up and leaves an invalid index.
        await using (var other = await database.OpenConnectionAsync())
        await using (var writes = await other.BeginTransactionAsync())
        {
            await using (var write = new NpgsqlCommand("LOCK TABLE appointments IN ROW EXCLUSIVE MODE", other)) await write.ExecuteNonQueryAsync();
            await using var connection = await database.OpenConnectionAsync();
            await using (var patience = new NpgsqlCommand("SET lock_timeout = 100", connection)) await patience.ExecuteNonQueryAsync();
            await using var build = new NpgsqlCommand($"CREATE INDEX CONCURRENTLY {index} ON appointments (hospital_id, status, starts_at, id)", connection);
            await Assert.ThrowsAsync<PostgresException>(build.ExecuteNonQueryAsync);
        }
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => clinical.MigrateAsync(owner, CancellationToken.None));
        Assert.Contains($"invalid indexes: {index}. ", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => clinical.VerifyAsync(database, CancellationToken.None));

        await Run($"REINDEX INDEX CONCURRENTLY {index}");
        await clinical.MigrateAsync(owner, CancellationToken.None);
        await clinical.VerifyAsync(database, CancellationToken.None);

        async Task Run(string sql)
        {
            await using var command = database.CreateCommand(sql);
            await command.ExecuteNonQueryAsync();
        }
    }
}
