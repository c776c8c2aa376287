using MedCor.Analytics;
using MedCor.ServiceDefaults.Database;
using MedCor.Tests.EndToEnd;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.ServiceDefaults.Database;

public class MigratorTests
{
    private static readonly Migrator Migrator = new(typeof(AnalyticsDb).Assembly, "analytics", NullLogger.Instance);

    [Fact]
    public async Task Replicas_that_migrate_at_once_apply_each_migration_once()
    {
        var owner = await (await RunningHouse.Get()).NewDatabase();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Migrator.Migrate(owner, CancellationToken.None)));

        await using var database = NpgsqlDataSource.Create(owner);
        await Migrator.Verify(database, CancellationToken.None);
    }

    [Fact]
    public async Task A_schema_that_lacks_a_migration_is_refused_by_name()
    {
        var owner = await (await RunningHouse.Get()).NewDatabase();
        await Migrator.Migrate(owner, CancellationToken.None);
        await using var database = NpgsqlDataSource.Create(owner);
        await using (var forget = database.CreateCommand("DELETE FROM schema_migrations WHERE name LIKE 'analytics/%'")) await forget.ExecuteNonQueryAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Migrator.Verify(database, CancellationToken.None));

        Assert.Contains("analytics/0001_visits", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_was_changed_after_it_was_applied_is_refused()
    {
        var owner = await (await RunningHouse.Get()).NewDatabase();
        await Migrator.Migrate(owner, CancellationToken.None);
        await using (var database = NpgsqlDataSource.Create(owner))
        await using (var change = database.CreateCommand("UPDATE schema_migrations SET checksum = 'other' WHERE name = 'analytics/0001_visits'")) await change.ExecuteNonQueryAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => Migrator.Migrate(owner, CancellationToken.None));
    }
}
