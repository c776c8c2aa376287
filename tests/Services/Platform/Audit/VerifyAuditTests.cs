using MedCor.Clinical;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;
using Context = MedCor.Platform.Tenancy.TenantContext;

namespace MedCor.Tests.Services.Platform.Audit;

/// <summary>
/// Tests that verification detects whatever an owner of the database can do to the audit trail. Each test has its own database, and these tests alone use their
/// Redis database.
/// </summary>
public sealed class VerifyAuditTests : IAsyncLifetime
{
    private const string Secret = "a secret of at least 32 characters!";
    private const string NewSecret = "another secret that replaces the first one";

    private static readonly Guid Hospital = Guid.CreateVersion7();
    private static readonly ServiceInfo Service = new("clinical", typeof(ClinicalDb).Assembly, [], []);

    /// <summary>Shared, since it applies the migrations to a scratch database once. Its server is that of the tests.</summary>
    private static readonly Lazy<Task<SchemaComparison>> Schema = new(async () =>
        new(typeof(ClinicalDb).Assembly, "clinical", await (await MedCorFixture.Get()).CreateDatabase()));

    private readonly AuditChain _chain = new(Secret);
    private readonly AuditWriteCheck _check = new(NullLogger<AuditWriteCheck>.Instance);
    private StubObjectStore? _store;
    private string _database = "";
    private ConnectionMultiplexer _redis = null!;
    private NpgsqlDataSource _serving = null!;
    private NpgsqlDataSource _owner = null!;
    private ServiceProvider _services = null!;

    public async Task InitializeAsync()
    {
        var house = await MedCorFixture.Get();
        _database = await house.CreateDatabase();
        await new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(_database, CancellationToken.None);
        _owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database) { Pooling = true }.ConnectionString);
        _serving = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(_database) { Pooling = true, Options = "-c role=medcor_clinical" }.ConnectionString);
        _redis = await ConnectionMultiplexer.ConnectAsync($"{house.RedisConnectionString},defaultDatabase=15");
        await _redis.GetDatabase().KeyDeleteAsync("medcor:audit:heads");
        _services = new ServiceCollection().AddSingleton(TimeProvider.System).AddTenantDb<ClinicalDb>((_, db) => db.UseNpgsql(_serving)).BuildServiceProvider();
    }

    public async Task DisposeAsync()
    {
        await _services.DisposeAsync();
        await _serving.DisposeAsync();
        await _owner.DisposeAsync();
        _redis.Dispose();
        _check.Dispose();
        if (_store is not null) await _store.DisposeAsync();
    }

    [Fact]
    public async Task An_untouched_trail_of_many_pages_and_several_hospitals_is_whole()
    {
        await Drawn(2_300);
        await Accesses(3, Guid.CreateVersion7());
        await Draw();
        await Accesses(2);

        var (code, said) = await Verify();

        Assert.True(code == 0, said);
        Assert.Contains($"{Hospital}: 2300 links, whole", said);
        Assert.Contains("2 events are not linked yet", said);
    }

    [Fact]
    public async Task An_edited_event_is_found()
    {
        await Drawn(10);
        await Tamper($"UPDATE audit_events SET user_id = gen_random_uuid() WHERE id = {EventAt(4)}");

        await Found("the event at link 4", "edited");
    }

    [Fact]
    public async Task A_link_that_was_made_to_fit_an_edited_event_is_found_for_want_of_the_secret()
    {
        await Drawn(10);
        await Tamper($"UPDATE audit_events SET action = 'get_appointment' WHERE id = {EventAt(10)}");
        var (before, edited) = (await Link(9), await EventOf(10));
        await using var forge = _owner.CreateCommand("UPDATE audit_links SET hash = $1 WHERE sequence = 10");
        forge.Parameters.Add(new() { Value = new AuditChain("what somebody guessed the secret to be").ComputeHash(before.Hash, 10, edited) });
        await forge.ExecuteNonQueryAsync();

        await Found("the event at link 10", "edited");
    }

    [Fact]
    public async Task A_missing_event_is_found_with_its_link_or_without()
    {
        await Drawn(10);
        await Tamper($"DELETE FROM audit_events WHERE id = {EventAt(3)}");
        await Tamper($"DELETE FROM audit_events WHERE id = {EventAt(7)}");
        await Tamper("DELETE FROM audit_links WHERE sequence = 7");

        await Found("the event of link 3", "is missing");
        await Found("links 7 to 7 are missing");
    }

    /// <summary>Events whose retention is over may be missing, so a link could claim an old one.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(", id_hash = NULL")]
    public async Task Deleted_events_whose_links_claim_that_they_were_old_are_found(string also)
    {
        await Drawn(10);
        await Tamper($"""
            ALTER TABLE audit_links DROP CONSTRAINT audit_links_key;
            DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_links WHERE sequence <= 4);
            UPDATE audit_links SET event_id = (lpad(to_hex((extract(epoch FROM date '2015-01-01') * 1000)::bigint + sequence), 12, '0')
                || '70008' || repeat('0', 15))::uuid{also} WHERE sequence <= 4
            """);

        await Found("the event of link 1", "is missing");
        await Found("the event of link 4", "is missing");
    }

    [Theory]
    [InlineData("UPDATE audit_links l SET event_id = o.event_id FROM audit_links o WHERE o.sequence = CASE l.sequence WHEN 3 THEN 8 WHEN 8 THEN 3 END")]
    [InlineData("UPDATE audit_links SET sequence = CASE sequence WHEN 3 THEN 8 ELSE 3 END WHERE sequence IN (3, 8)")]
    public async Task Swapped_events_are_found(string swap)
    {
        await Drawn(10);
        await Tamper("ALTER TABLE audit_links DROP CONSTRAINT audit_links_once; ALTER TABLE audit_links DROP CONSTRAINT audit_links_pkey; " + swap);

        await Found("the event at link 3", "belongs at link 8: they were swapped");
        await Found("the event at link 8", "belongs at link 3: they were swapped");
    }

    [Fact]
    public async Task A_truncated_chain_is_found()
    {
        await Drawn(10);
        await CutOff(3);

        await Found("the chain ends with link 7, and was anchored at 10: its end was removed");
    }

    [Fact]
    public async Task A_deleted_chain_is_found()
    {
        await Drawn(10);
        await Tamper("TRUNCATE audit_events, audit_links, audit_waiting");

        await Found("the chain ends with link 0, and was anchored at 10");
    }

    [Fact]
    public async Task A_truncated_chain_is_found_even_after_new_links_were_added()
    {
        await Drawn(10);
        await CutOff(3);
        await Drawn(8);

        await Found("link 10 differs from the anchored link");
    }

    [Fact]
    public async Task With_anchors_lost_a_head_from_the_log_reveals_a_truncated_chain()
    {
        await Drawn(10);
        var logged = ChainHead.From(await Link(10)).ToString();
        await CutOff(3);
        await _redis.GetDatabase().KeyDeleteAsync("medcor:audit:heads");

        Assert.Contains("there is no anchor, so a removed end would not be detected", (await Verify()).Said);
        var (code, said) = await Verify(logged);

        Assert.Equal(1, code);
        Assert.Contains("was anchored at 10", said);
        Assert.Equal(64, (await Verify("not a head")).Code);
    }

    [Fact]
    public async Task With_anchors_lost_the_heads_in_the_archive_reveal_a_truncated_chain()
    {
        _store = await StubObjectStore.Start();
        await Drawn(10);
        using var archive = Archive();
        using var publisher = new AuditHeadPublisher(_services.GetRequiredService<IServiceScopeFactory>(), archive, TimeProvider.System,
            NullLogger<AuditHeadPublisher>.Instance);
        await publisher.StoreAsync(CancellationToken.None);
        await CutOff(3);
        await _redis.GetDatabase().KeyDeleteAsync("medcor:audit:heads");

        await Found("the chain ends with link 7, and was anchored at 10: its end was removed");
    }

    [Fact]
    public async Task Whatever_is_altered_in_the_schema_is_found()
    {
        await Drawn(3);
        await Tamper("""
            CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER hush BEFORE INSERT ON audit_events FOR EACH ROW WHEN (NEW.rows > 1000) EXECUTE FUNCTION hush();
            CREATE RULE hush AS ON INSERT TO treatments WHERE false DO INSTEAD NOTHING;
            CREATE OR REPLACE FUNCTION await_link() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            ALTER TABLE audit_events DISABLE TRIGGER await_link;
            ALTER POLICY hospital ON medical_records USING (true);
            CREATE POLICY everyone ON appointments USING (true);
            ALTER TABLE treatments NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE appointments DISABLE ROW LEVEL SECURITY;
            GRANT UPDATE ON audit_events TO medcor_clinical;
            GRANT UPDATE (hash) ON audit_links TO medcor_clinical;
            GRANT CREATE ON SCHEMA public TO medcor_clinical;
            ALTER TABLE audit_waiting OWNER TO medcor_clinical;
            ALTER TABLE audit_links DROP CONSTRAINT audit_links_once;
            ALTER TABLE audit_events ALTER COLUMN rows SET DEFAULT 0;
            CREATE FUNCTION hidden(audit_events) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            ALTER EXTENSION btree_gist ADD FUNCTION hidden(audit_events);
            CREATE FUNCTION same(audit_events, audit_events) RETURNS boolean LANGUAGE sql AS 'SELECT true';
            CREATE OPERATOR = (LEFTARG = audit_events, RIGHTARG = audit_events, FUNCTION = same);
            CREATE FUNCTION as_number(audit_events) RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE CAST (audit_events AS integer) WITH FUNCTION as_number(audit_events);
            CREATE SCHEMA elsewhere;
            CREATE TABLE elsewhere.audit_events (LIKE public.audit_events);
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT TRUNCATE ON TABLES TO medcor_clinical;
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = elsewhere, public', current_database()); END $$
            """);

        var (code, said) = await Verify();

        Assert.Equal(1, code);
        Assert.All(
            (string[])
            [
                "function public.hush() is in no migration", "trigger hush on public.audit_events is in no migration",
                "rule hush on public.treatments is in no migration", "function public.await_link() was altered",
                "trigger await_link on public.audit_events was altered", "policy hospital on public.medical_records was altered",
                "policy everyone on public.appointments is in no migration", "table public.treatments was altered", "table public.appointments was altered",
                "table public.audit_events was altered", "column hash of public.audit_links was altered", "schema public was altered",
                "table public.audit_waiting was altered", "constraint audit_links_once of public.audit_links is missing",
                "function public.hidden(public.audit_events) of extension btree_gist is in no migration",
                "operator public.=(public.audit_events,public.audit_events) is in no migration",
                "cast from public.audit_events to integer is in no migration",
                "column rows of public.audit_events was altered", "table elsewhere.audit_events is in no migration",
                "default privileges of (owner) in schema public for r was altered", "sets search_path=elsewhere, public",
            ],
            finding => Assert.Contains(finding, said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_schema_that_cannot_be_compared_is_neither_whole_nor_tampered_with()
    {
        await Drawn(3);
        await Tamper("INSERT INTO schema_migrations (name, checksum) VALUES ('clinical/9999_later', 'of a later version')");

        var (code, said) = await Verify();

        Assert.Equal(2, code);
        Assert.Contains("differ in the migrations clinical/9999_later", said, StringComparison.Ordinal);

        var withoutRights = new NpgsqlConnectionStringBuilder(_database) { Options = "-c role=medcor_clinical" };
        var powerless = await new SchemaComparison(typeof(ClinicalDb).Assembly, "clinical", withoutRights.ConnectionString)
            .CompareAsync(_serving, CancellationToken.None);
        Assert.Empty(powerless.Findings);
        Assert.Contains("permission denied to create database", powerless.WhyNotCompared, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replaced_secret_makes_new_links_and_the_former_one_verifies_those_before()
    {
        await Drawn(5);
        var rotated = new AuditChain(NewSecret, Secret);
        await Accesses(5);
        await Draw(rotated);

        var (code, said) = await Verify(rotated);
        Assert.True(code == 0, said);
        Assert.Equal((_chain.KeyId, rotated.KeyId), ((await Link(5)).KeyId, (await Link(6)).KeyId));

        (code, said) = await Verify(new AuditChain(NewSecret));
        Assert.Equal(1, code);
        Assert.Contains($"link 1 and others were made with the key {_chain.KeyId}, which is not among the configured secrets", said);
    }

    [Fact]
    public async Task A_replica_that_does_not_know_the_new_secret_yet_leaves_the_chain_to_those_that_do()
    {
        await Drawn(2);
        var rotated = new AuditChain(NewSecret, Secret);
        await Accesses(2);
        await Draw(rotated);
        await Accesses(2);
        await Accesses(3, Guid.CreateVersion7());

        await Draw();
        Assert.Equal(4L, await Scalar($"SELECT count(*) FROM audit_links WHERE hospital_id = '{Hospital}'"));
        Assert.Equal(3L, await Scalar($"SELECT count(*) FROM audit_links WHERE hospital_id <> '{Hospital}'"));
        await Draw(rotated);

        Assert.Equal(9L, await Scalar("SELECT count(*) FROM audit_links"));
        Assert.Equal(0, (await Verify(rotated)).Code);
    }

    /// <summary>Whoever has got hold of a former secret can make links that are valid in themselves.</summary>
    [Fact]
    public async Task A_link_made_with_a_former_secret_after_it_was_replaced_is_found()
    {
        await Drawn(3);
        var rotated = new AuditChain(NewSecret, Secret);
        await Accesses(3);
        await Draw(rotated);
        var (before, last) = (await Link(5), await EventOf(6));
        await using var forge = _owner.CreateCommand("UPDATE audit_links SET hash = $1, key_id = $2 WHERE sequence = 6");
        forge.Parameters.Add(new() { Value = _chain.ComputeHash(before.Hash, 6, last) });
        forge.Parameters.Add(new() { Value = _chain.KeyId });
        await forge.ExecuteNonQueryAsync();
        await _redis.GetDatabase().KeyDeleteAsync("medcor:audit:heads");

        var (code, said) = await Verify(rotated);

        Assert.Equal(1, code);
        Assert.Contains("link 6 was made with an older key than the links before it", said);
    }

    [Fact]
    public async Task The_end_of_a_chain_that_was_made_again_with_a_former_secret_is_found_by_the_other_chains()
    {
        var (now, other) = (DateTimeOffset.UtcNow, Guid.CreateVersion7());
        var rotated = new AuditChain(NewSecret, Secret);
        await Accesses(3, clock: new ManualTimeProvider { Now = now.AddDays(-10) });
        await Draw();
        await Accesses(1, other, new ManualTimeProvider { Now = now.AddDays(-8) });
        await Draw(rotated);
        await Accesses(3, clock: new ManualTimeProvider { Now = now.AddDays(-5) });
        await Draw(rotated);
        Assert.Equal(0, (await Verify(rotated)).Code);

        var hash = (await Link(3)).Hash;
        for (var sequence = 4L; sequence <= 6; sequence++)
        {
            hash = _chain.ComputeHash(hash, sequence, await EventOf(sequence));
            await using var forge = _owner.CreateCommand("UPDATE audit_links SET hash = $1, key_id = $2 WHERE hospital_id = $3 AND sequence = $4");
            forge.Parameters.Add(new() { Value = hash });
            forge.Parameters.Add(new() { Value = _chain.KeyId });
            forge.Parameters.Add(new() { Value = Hospital });
            forge.Parameters.Add(new() { Value = sequence });
            await forge.ExecuteNonQueryAsync();
        }
        await _redis.GetDatabase().KeyDeleteAsync("medcor:audit:heads");

        var (code, said) = await Verify(rotated);

        Assert.Equal(1, code);
        Assert.Contains($"{Hospital}: link 6 was made with a former secret, more than a day after another one had replaced it", said);
    }

    /// <summary>A version without key ids makes no links any more, and those that it made stay valid.</summary>
    [Fact]
    public async Task Links_of_a_version_without_key_ids_are_verified_with_any_configured_secret()
    {
        await Drawn(4);
        await Tamper("""
            ALTER TABLE audit_links DROP CONSTRAINT audit_links_key;
            UPDATE audit_links SET key_id = NULL, id_hash = NULL WHERE sequence <> 2;
            ALTER TABLE audit_links ADD CONSTRAINT audit_links_key CHECK (key_id IS NOT NULL AND id_hash IS NOT NULL) NOT VALID
            """);
        var formerVersion = await Assert.ThrowsAsync<PostgresException>(() => Tamper("""
            INSERT INTO audit_links (hospital_id, sequence, event_id, hash) SELECT hospital_id, 5, gen_random_uuid(), hash FROM audit_links WHERE sequence = 4
            """));
        Assert.Equal("audit_links_key", formerVersion.ConstraintName);
        var rotated = new AuditChain(NewSecret, Secret);
        await Accesses(4);
        await Draw(rotated);

        var (code, said) = await Verify(rotated);

        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task Events_inserted_past_the_trigger_or_removed_before_linking_are_found()
    {
        await Drawn(3);
        await Tamper("ALTER TABLE audit_events DISABLE TRIGGER await_link");
        await Accesses(1);
        await Tamper("ALTER TABLE audit_events ENABLE TRIGGER await_link");
        await Accesses(1);
        await Tamper("DELETE FROM audit_events e USING audit_waiting w WHERE w.event_id = e.id");

        await Found("1 events are neither linked nor waiting for a link");
        await Found("1 events that wait for a link are missing");
    }

    [Fact]
    public async Task Events_whose_retention_is_over_are_dropped_by_the_month_and_the_rest_of_the_chain_is_whole()
    {
        await Tamper($"""
            ALTER TABLE audit_events DETACH PARTITION audit_events_{DateTimeOffset.UtcNow:yyyy_MM};
            DROP TABLE audit_events_{DateTimeOffset.UtcNow:yyyy_MM};
            CREATE TABLE audit_events_2010_01 PARTITION OF audit_events FOR VALUES FROM (MINVALUE) TO (first_id_of('2010-02-01'))
            """);
        await Accesses(5, clock: new ManualTimeProvider { Now = new(2010, 1, 15, 12, 0, 0, TimeSpan.Zero) });
        await Draw();

        await Keep(years: 100);
        Assert.Equal(5L, await Scalar("SELECT count(*) FROM audit_events"));
        // Fewer years than the law asks for are as many as it asks for.
        await Keep(years: 1);
        Assert.Equal(0L, await Scalar("SELECT count(*) FROM audit_events"));
        await Drawn(3);

        var (code, said) = await Verify();
        Assert.True(code == 0, said);
        Assert.Contains("the events of 5 links at the beginning are no longer kept", said);
        await Tamper($"DELETE FROM audit_events WHERE id = {EventAt(6)}");
        await Found("the event of link 6", "is missing");

        async Task Keep(int years)
        {
            await using var command = _serving.CreateCommand("SELECT keep_audit_partitions($1)");
            command.Parameters.Add(new() { Value = years });
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task Partitions_of_the_coming_months_are_there_and_nobody_reaches_one_by_itself()
    {
        var ahead = DateTimeOffset.UtcNow.AddMonths(3);
        Assert.Equal(1L, await Scalar($"SELECT count(*) FROM pg_class WHERE relname = 'audit_events_{ahead:yyyy_MM}' AND relispartition"));

        await using var command = _serving.CreateCommand("SELECT FROM audit_events_default");
        Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
    }

    [Fact]
    public async Task Copies_are_sent_again_since_the_day_that_is_given()
    {
        await Drawn(3);
        await using var scope = Everywhere(out var db);
        var copy = new CopyAudit(db, Service with { Name = "identity" });

        Assert.Equal(64, await copy.RunAsync(["yesterday"], CancellationToken.None));
        Assert.Equal(0, await copy.RunAsync([$"{DateTimeOffset.UtcNow.AddDays(1):yyyy-MM-dd}"], CancellationToken.None));
        Assert.Equal(0L, await Scalar("SELECT count(*) FROM outbox WHERE type LIKE '%AuditEventsRecorded'"));
        Assert.Equal(0, await copy.RunAsync([], CancellationToken.None));

        Assert.Equal(3L, await Scalar("""
            SELECT count(*) FROM outbox, jsonb_array_elements(body::jsonb -> 'events') copy
            WHERE type LIKE '%AuditEventsRecorded' AND addressee = 'clinical' AND copy ->> 'service' = 'identity'
            """));
    }

    [Fact]
    public async Task What_waits_for_a_link_without_an_event_delays_no_other()
    {
        await Tamper($"""
            INSERT INTO audit_waiting (hospital_id, event_id, created_at)
            SELECT '{Hospital}'::uuid, gen_random_uuid(), now() FROM generate_series(1, 600)
            """);

        await Drawn(3);

        Assert.Equal(3L, await Scalar("SELECT count(*) FROM audit_links"));
    }

    [Fact]
    public async Task Concurrent_workers_link_every_event_once_without_gaps()
    {
        await Accesses(1_200);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Draw()));
        await Draw();

        Assert.Equal(1_200L, await Scalar("SELECT count(DISTINCT event_id) FROM audit_links"));
        Assert.Equal(1_200L, await Scalar("SELECT max(sequence) FROM audit_links"));
        Assert.Equal(0, (await Verify()).Code);
    }

    [Theory]
    [InlineData("UPDATE audit_events SET action = ''")]
    [InlineData("DELETE FROM audit_events")]
    [InlineData("TRUNCATE audit_events")]
    [InlineData("UPDATE audit_links SET hash = ''")]
    [InlineData("DELETE FROM audit_links")]
    [InlineData("UPDATE audit_waiting SET created_at = now()")]
    [InlineData("UPDATE medical_record_versions SET title = ''")]
    [InlineData("DELETE FROM medical_record_versions")]
    [InlineData("DELETE FROM medical_records")]
    [InlineData("DELETE FROM treatments")]
    public async Task The_serving_role_may_add_and_nothing_else(string forbidden)
    {
        await using var command = _serving.CreateCommand(forbidden);

        Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
    }

    private async Task Drawn(int accesses)
    {
        await Accesses(accesses);
        await Draw();
    }

    /// <summary>Records the given number of accesses, each to the record of a different patient.</summary>
    private async Task Accesses(int count, Guid? hospital = null, TimeProvider? clock = null)
    {
        await using var scope = _services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ClinicalDb>();
        var (at, now) = (hospital ?? Hospital, DateTimeOffset.UtcNow);
        db.Tenancy.Enter(new Caller(Guid.NewGuid(), "doctor@general.example", Role.Doctor, at, Guid.NewGuid(), now, now.AddHours(1)));
        var trail = new AuditTrail(db, new AuditWriter(_serving, _check), _check, new HttpContextAccessor { HttpContext = new DefaultHttpContext() },
            clock ?? TimeProvider.System);
        await trail.RecordAsync(new AuditedAccess("list_medical_records", "medical_records"), AuditOutcome.Done,
            Enumerable.Range(0, count).Select(_ => new AuditedEntity(Guid.NewGuid(), at, Guid.NewGuid(), 1)), CancellationToken.None);
    }

    private async Task Draw(AuditChain? chain = null)
    {
        using var draw = new AuditChainWorker(_services.GetRequiredService<IServiceScopeFactory>(), chain ?? _chain, Anchors(), Service, TimeProvider.System,
            NullLogger<AuditChainWorker>.Instance);
        await draw.LinkAllAsync(CancellationToken.None);
    }

    private AuditAnchors Anchors() => new(_redis, Service, new AuditHeadLog([]), TimeProvider.System, NullLogger<AuditAnchors>.Instance);

    private AuditHeadArchive Archive() => new(Options.Create(_store?.Options ?? new()), "clinical", TimeProvider.System);

    private Task<(int Code, string Said)> Verify(params string[] heads) => Verify(_chain, heads);

    private async Task<(int Code, string Said)> Verify(AuditChain chain, params string[] heads)
    {
        await using var scope = _services.CreateAsyncScope();
        using var archive = Archive();
        var said = new StringWriter();
        var command = new VerifyAudit(scope.ServiceProvider.GetRequiredService<ClinicalDb>(), chain, Anchors(), archive, await Schema.Value, _serving,
            TimeProvider.System)
        {
            Output = said,
        };
        return (await command.RunAsync(heads, CancellationToken.None), said.ToString());
    }

    private async Task Found(params string[] words)
    {
        var (code, said) = await Verify();
        Assert.Equal(1, code);
        Assert.True(said.Split('\n').Any(line => words.All(line.Contains)), said);
    }

    private Task CutOff(int links) => Tamper($"""
        DELETE FROM audit_events e USING audit_links l WHERE l.event_id = e.id AND l.sequence > (SELECT max(sequence) - {links} FROM audit_links);
        DELETE FROM audit_links WHERE sequence > (SELECT max(sequence) - {links} FROM audit_links)
        """);

    private async Task Tamper(string sql)
    {
        await using var command = _owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> Scalar(string sql)
    {
        await using var command = _owner.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static string EventAt(long sequence) => $"(SELECT event_id FROM audit_links WHERE sequence = {sequence})";

    private async Task<AuditLink> Link(long sequence)
    {
        await using var scope = Everywhere(out var db);
        return await db.AuditLinks().AsNoTracking().SingleAsync(l => l.Sequence == sequence);
    }

    private async Task<MedCor.Platform.Audit.AuditEvent> EventOf(long sequence)
    {
        var id = (await Link(sequence)).EventId;
        await using var scope = Everywhere(out var db);
        return await db.AuditEvents.AsNoTracking().SingleAsync(e => e.Id == id);
    }

    private AsyncServiceScope Everywhere(out ClinicalDb db)
    {
        var scope = _services.CreateAsyncScope();
        db = scope.ServiceProvider.GetRequiredService<ClinicalDb>();
        db.Tenancy.Enter(hospital: null);
        return scope;
    }
}
