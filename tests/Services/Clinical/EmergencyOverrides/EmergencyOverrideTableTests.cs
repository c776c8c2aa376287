using MedCor.Clinical;
using MedCor.Clinical.EmergencyOverrides;
using MedCor.Platform.Database;
using MedCor.Platform.Encryption;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.Clinical.EmergencyOverrides;

public sealed class EmergencyOverrideTableTests
{
    private readonly Guid _hospital = Guid.CreateVersion7();

    [Fact]
    public async Task Reasons_are_encrypted_by_a_service_that_cannot_change_them()
    {
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        await new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await using var superuser = NpgsqlDataSource.Create(owner);
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_clinical" }.ConnectionString);
        await Execute(superuser, $"""
            INSERT INTO emergency_overrides (hospital_id, id, patient_id, user_id, reason, minutes, ends_at, is_reviewed, is_justified, review_comment,
                version, created_at, updated_at)
            SELECT '{_hospital}', gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'Unconscious', 60, now(), true, true, comment, 2, now(), now()
            FROM unnest(ARRAY['Confirmed', '', NULL]) AS comment
            """);
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System)
            .AddSingleton(new TextEncryption(new DataKeys(database, new DataKeyWrapping("a secret of at least 32 characters!"), TimeProvider.System)))
            .AddTenantDb<ClinicalDb>((_, db) => db.UseNpgsql(database)).BuildServiceProvider();

        await Use(services, async db => Assert.Null(
            await new EmergencyOverrideTable(db).EncryptPageAsync(_hospital, default, IEncryptedTable.PageSize, CancellationToken.None)));

        Assert.Equal(3L, await Execute(superuser, """
            SELECT count(*) FROM emergency_overrides
            WHERE reason LIKE 'enc1:%' AND coalesce(review_comment, '') NOT LIKE '%Confirmed%' AND version = 2
            """));
        await Use(services, async db =>
        {
            var read = await db.EmergencyOverrides.AsNoTracking().ToListAsync();
            Assert.All(read, e => Assert.Equal("Unconscious", e.Reason));
            Assert.Equal([null, "", "Confirmed"], read.Select(e => e.ReviewComment).Order(StringComparer.Ordinal));
        });

        // What the function is given next is neither encrypted nor in place of a reason that is not.
        await Execute(database, $"""
            SELECT set_config('medcor.hospital', '{_hospital}', true);
            SELECT count(reencrypt_emergency_override('{_hospital}', id, 2, 'Forged', 'Forged')) FROM emergency_overrides;
            """);
        Assert.Equal(0L, await Execute(superuser, "SELECT count(*) FROM emergency_overrides WHERE reason = 'Forged' OR review_comment = 'Forged'"));
    }

    private static async Task Use(ServiceProvider services, Func<ClinicalDb, Task> work)
    {
        await using var scope = services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<TenantContext>().Enter(hospital: null);
        await work(scope.ServiceProvider.GetRequiredService<ClinicalDb>());
    }

    private static async Task<object?> Execute(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
