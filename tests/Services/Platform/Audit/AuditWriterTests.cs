using MedCor.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using ActingRole = MedCor.Contracts.Clinical.ActingRole;
using AuditOutcome = MedCor.Contracts.Clinical.AuditOutcome;

namespace MedCor.Tests.Services.Platform.Audit;

/// <summary>Tests accesses that are recorded at the same time, on a database of their own.</summary>
public sealed class AuditWriterTests
{
    [Fact]
    public async Task Of_many_accesses_at_once_each_is_recorded_in_its_hospital_and_one_that_is_refused_fails_alone()
    {
        const int Many = 200;
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        await new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await using var database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_clinical" }.ConnectionString);
        var writer = new AuditWriter(database);
        Guid[] hospitals = [Guid.CreateVersion7(), Guid.CreateVersion7()];

        var writes = Enumerable.Range(0, Many).Select(n => writer.WriteAsync([Access(hospitals[n % 2], $"{n}")], CancellationToken.None)).ToList();
        // PostgreSQL stores no such character.
        var refused = writer.WriteAsync([Access(hospitals[0], "\0")], CancellationToken.None);
        writes.AddRange(Enumerable.Range(0, Many).Select(n => writer.WriteAsync([Access(hospitals[n % 2], $"later {n}")], CancellationToken.None)));

        await Task.WhenAll(writes);
        await Assert.ThrowsAsync<PostgresException>(() => refused);
        foreach (var hospital in hospitals)
        {
            await using var count = database.CreateBatch();
            count.BatchCommands.Add(new("SELECT set_config('medcor.hospital', $1, true)") { Parameters = { new() { Value = hospital.ToString() } } });
            count.BatchCommands.Add(new("SELECT count(DISTINCT request_id) FROM audit_events"));
            await using var reader = await count.ExecuteReaderAsync();
            await reader.NextResultAsync();
            await reader.ReadAsync();
            Assert.Equal(Many, reader.GetInt64(0));
        }
    }

    private static AuditEvent Access(Guid hospital, string requestId) => new()
    {
        HospitalId = hospital,
        Id = Guid.CreateVersion7(),
        CreatedAt = DateTimeOffset.UnixEpoch,
        UserId = Guid.Empty,
        Role = ActingRole.Nurse,
        SessionId = Guid.Empty,
        Action = "get_appointment",
        Resource = "appointments",
        Outcome = AuditOutcome.Done,
        RequestId = requestId,
    };
}
