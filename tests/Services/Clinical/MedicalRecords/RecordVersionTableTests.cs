using MedCor.Clinical;
using MedCor.Clinical.MedicalRecords;
using MedCor.Platform.Database;
using MedCor.Platform.Encryption;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.Clinical.MedicalRecords;

public sealed class RecordVersionTableTests
{
    private readonly Guid _hospital = Guid.CreateVersion7();
    private readonly Guid _record = Guid.CreateVersion7();

    [Fact]
    public async Task Versions_are_encrypted_by_a_service_that_can_change_nothing_else_about_them()
    {
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        await new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await using var superuser = NpgsqlDataSource.Create(owner);
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_clinical" }.ConnectionString);
        await Execute(superuser, $"""
            INSERT INTO medical_records (hospital_id, id, patient_id, author_id, record_type, status, title, attachments, version, created_at, updated_at)
            VALUES ('{_hospital}', '{_record}', '{_record}', '{_record}', 'OTHER', 'ACTIVE', 'Plain', '{"{}"}', 2, now(), now());
            INSERT INTO medical_record_versions (hospital_id, record_id, version, author_id, written_at, reason, status, title, diagnosis, attachments)
            VALUES ('{_hospital}', '{_record}', 1, '{_record}', now(), NULL, 'ACTIVE', 'Plain', 'Asthma', '{"{scan.pdf,b.pdf}"}'),
                ('{_hospital}', '{_record}', 2, '{_record}', now(), 'More', 'ACTIVE', 'Plain', '', '{"{}"}')
            """);
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System)
            .AddSingleton(new TextEncryption(new DataKeys(database, new DataKeyWrapping("a secret of at least 32 characters!"), TimeProvider.System)))
            .AddTenantDb<ClinicalDb>((_, db) => db.UseNpgsql(database)).BuildServiceProvider();

        await Use(services, async db => Assert.Null(
            await new RecordVersionTable(db).EncryptPageAsync(_hospital, default, IEncryptedTable.PageSize, CancellationToken.None)));

        Assert.Equal(2L, await Execute(superuser, """
            SELECT count(*) FROM medical_record_versions WHERE title LIKE 'enc1:%' AND coalesce(reason, 'enc1:') LIKE 'enc1:%' AND diagnosis NOT LIKE '%Asthma%'
                AND array_to_string(attachments, '') NOT LIKE '%pdf%'
            """));
        await Use(services, async db =>
        {
            var versions = await db.RecordVersions.OrderBy(v => v.Version).AsNoTracking().ToListAsync();
            Assert.Equal([("Plain", null, "Asthma"), ("Plain", "More", "")], versions.Select(v => (v.Title, v.Reason, v.Diagnosis)));
            Assert.Equal(["scan.pdf", "b.pdf"], versions[0].Attachments);
            Assert.Empty(versions[1].Attachments);
        });

        // A version of which a single text is not encrypted.
        await Execute(superuser, "UPDATE medical_record_versions SET diagnosis = 'Asthma' WHERE version = 1");
        await Use(services, async db => Assert.Null(
            await new RecordVersionTable(db).EncryptPageAsync(_hospital, default, IEncryptedTable.PageSize, CancellationToken.None)));
        Assert.Equal(1L, await Execute(superuser, "SELECT count(*) FROM medical_record_versions WHERE diagnosis LIKE 'enc1:%'"));

        // What the function is given next is neither encrypted nor in place of a text that is not.
        await Execute(database, $"""
            SELECT set_config('medcor.hospital', '{_hospital}', true);
            SELECT reencrypt_record_version('{_hospital}', '{_record}', 1, 'Forged', 'Forged', NULL, 'Forged', NULL, NULL, '{"{}"}');
            """);
        Assert.Equal(0L, await Execute(superuser, "SELECT count(*) FROM medical_record_versions WHERE title = 'Forged' OR reason = 'Forged'"));
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
