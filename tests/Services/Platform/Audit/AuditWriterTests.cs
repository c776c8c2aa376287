using System.Collections.Concurrent;
using MedCor.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using ActingRole = MedCor.Contracts.Clinical.ActingRole;
using AuditOutcome = MedCor.Contracts.Clinical.AuditOutcome;

namespace MedCor.Tests.Services.Platform.Audit;

/// <summary>Tests accesses that are recorded at the same time, on a database of their own.</summary>
public sealed class AuditWriterTests
{
    private static readonly string[] Tampered = ["suppressed", "altered", "removed", "diverted"];

    [Fact]
    public async Task Of_many_accesses_at_once_each_is_recorded_in_its_hospital_and_one_that_is_refused_fails_alone()
    {
        const int Many = 200;
        await using var database = Serving(await Migrated());
        using var check = new AuditWriteCheck(NullLogger<AuditWriteCheck>.Instance);
        var writer = new AuditWriter(database, check);
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

    /// <summary>The owner of the database can have rows suppressed, altered or removed without an error.</summary>
    [Fact]
    public async Task An_access_whose_event_the_database_does_not_store_as_it_was_sent_fails_alone_and_raises_the_alarm()
    {
        var owner = await Migrated();
        await using (var connection = new NpgsqlConnection(owner))
        {
            await connection.OpenAsync();
            await using var tamper = new NpgsqlCommand("""
                CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF NEW.request_id = 'suppressed' THEN RETURN NULL; END IF;
                    IF NEW.request_id = 'altered' THEN NEW.user_id := gen_random_uuid(); END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER hush BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION hush();
                CREATE FUNCTION remove() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                BEGIN
                    DELETE FROM audit_events WHERE request_id = 'removed';
                    RETURN NULL;
                END $$;
                CREATE TRIGGER remove AFTER INSERT ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION remove();
                CREATE RULE divert AS ON INSERT TO audit_events WHERE NEW.request_id = 'diverted' DO INSTEAD NOTHING
                """, connection);
            await tamper.ExecuteNonQueryAsync();
        }
        await using var database = Serving(owner);
        var log = new Lines();
        using var check = new AuditWriteCheck(log);
        var writer = new AuditWriter(database, check);
        var hospital = Guid.CreateVersion7();

        var whole = Enumerable.Range(0, 20).Select(n => writer.WriteAsync([Access(hospital, $"{n}")], CancellationToken.None)).ToList();
        var tampered = Tampered
            .Select(id => writer.WriteAsync([Access(hospital, $"beside {id}"), Access(hospital, id)], CancellationToken.None)).ToList();
        whole.AddRange(Enumerable.Range(20, 20).Select(n => writer.WriteAsync([Access(hospital, $"{n}")], CancellationToken.None)));

        await Task.WhenAll(whole);
        foreach (var write in tampered) await Assert.ThrowsAsync<PostgresException>(() => write);
        Assert.Contains(log.Written, line => line is { Level: LogLevel.Critical, Text: var text } && text.Contains("verify-audit", StringComparison.Ordinal));
        await using var count = NpgsqlDataSource.Create(owner);
        await using var stored = count.CreateCommand("SELECT string_agg(request_id, ',' ORDER BY request_id::int) FROM audit_events");
        Assert.Equal(string.Join(',', Enumerable.Range(0, 40)), await stored.ExecuteScalarAsync());
    }

    /// <summary>Of functions and operators with one name, PostgreSQL takes the one that is declared for exactly the types at hand.</summary>
    [Fact]
    public async Task Functions_and_operators_that_the_owner_declares_for_the_rows_of_the_trail_alter_no_event()
    {
        var owner = await Migrated();
        await using var tampering = NpgsqlDataSource.Create(owner);
        await using (var tamper = tampering.CreateCommand("""
            CREATE FUNCTION public.jsonb_populate_recordset(audit_events, jsonb) RETURNS SETOF audit_events LANGUAGE sql AS $$
                SELECT * FROM pg_catalog.jsonb_populate_recordset($1, (
                    SELECT jsonb_agg(event || '{"user_id":"00000000-0000-7000-8000-000000000001"}') FROM jsonb_array_elements($2) AS sent (event))) $$;
            CREATE FUNCTION public.jsonb_populate_record(audit_events, jsonb) RETURNS audit_events LANGUAGE sql AS 'SELECT $1';
            CREATE FUNCTION public.cardinality(uuid[]) RETURNS integer LANGUAGE sql AS 'SELECT 0';
            CREATE FUNCTION public.same(audit_events, audit_events) RETURNS boolean LANGUAGE sql AS 'SELECT true';
            CREATE OPERATOR public.= (LEFTARG = audit_events, RIGHTARG = audit_events, FUNCTION = public.same);
            CREATE FUNCTION alter_event() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.request_id = 'altered' THEN NEW.action := 'log_in'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER alter_event BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION alter_event();
            """))
            await tamper.ExecuteNonQueryAsync();
        await using var database = Serving(owner);
        using var check = new AuditWriteCheck(NullLogger<AuditWriteCheck>.Instance);
        var (writer, hospital) = (new AuditWriter(database, check), Guid.CreateVersion7());

        await writer.WriteAsync([Access(hospital, "whole")], CancellationToken.None);
        await Assert.ThrowsAsync<PostgresException>(() => writer.WriteAsync([Access(hospital, "altered")], CancellationToken.None));

        await using var stored = tampering.CreateCommand("SELECT string_agg(request_id || ' ' || user_id, ',') FROM audit_events");
        Assert.Equal($"whole {Guid.Empty}", await stored.ExecuteScalarAsync());
    }

    private static async Task<string> Migrated()
    {
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        await new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        return owner;
    }

    private static NpgsqlDataSource Serving(string owner) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_clinical" }.ConnectionString);

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

    private sealed class Lines : ILogger<AuditWriteCheck>
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Written { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue((logLevel, formatter(state, exception)));
    }
}
