using MedCor.Clinical;
using MedCor.Clinical.Audit;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using StackExchange.Redis;
using Context = MedCor.Platform.Tenancy.TenantContext;

namespace MedCor.Tests.Services.Clinical.Audit;

/// <summary>
/// Tests that verification detects whatever an owner of the database can do to the audit trail. Each test has its own database, and these tests alone use their
/// Redis database.
/// </summary>
public sealed class VerifyAuditTests : IAsyncLifetime
{
    private static readonly Guid Hospital = Guid.CreateVersion7();
    private readonly AuditChain _chain = new("a secret of at least 32 characters!");
    private ConnectionMultiplexer _redis = null!;
    private NpgsqlDataSource _serving = null!;
    private NpgsqlDataSource _owner = null!;
    private ServiceProvider _services = null!;

    public async Task InitializeAsync()
    {
        var system = await MedCorFixture.Get();
        var database = await system.CreateDatabase();
        await new Migrator(typeof(ClinicalDb).Assembly, "clinical", NullLogger.Instance).MigrateAsync(database, CancellationToken.None);
        _owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { Pooling = true }.ConnectionString);
        _serving = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(database) { Pooling = true, Options = "-c role=medcor_clinical" }.ConnectionString);
        _redis = await ConnectionMultiplexer.ConnectAsync($"{system.RedisConnectionString},defaultDatabase=15");
        await _redis.GetDatabase().KeyDeleteAsync("medcor:audit:heads");
        _services = new ServiceCollection().AddSingleton(TimeProvider.System).AddTenantDb<ClinicalDb>((_, db) => db.UseNpgsql(_serving)).BuildServiceProvider();
    }

    public async Task DisposeAsync()
    {
        await _services.DisposeAsync();
        await _serving.DisposeAsync();
        await _owner.DisposeAsync();
        _redis.Dispose();
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
    private async Task Accesses(int count, Guid? hospital = null)
    {
        await using var scope = _services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ClinicalDb>();
        var (at, now) = (hospital ?? Hospital, DateTimeOffset.UtcNow);
        db.Tenancy.Enter(new Caller(Guid.NewGuid(), "doctor@general.example", Role.Doctor, at, Guid.NewGuid(), now, now.AddHours(1)));
        var trail = new AuditTrail(db, new AuditWriter(_serving), new HttpContextAccessor { HttpContext = new DefaultHttpContext() }, TimeProvider.System);
        await trail.RecordAsync(new AuditedAccess("list_medical_records", "medical_records"), AuditOutcome.Done,
            Enumerable.Range(0, count).Select(_ => Record(at)), CancellationToken.None);
    }

    private static MedicalRecord Record(Guid hospital) =>
        new(
            Id: Guid.NewGuid(),
            HospitalId: hospital,
            PatientId: Guid.NewGuid(),
            DoctorId: null,
            AuthorId: Guid.NewGuid(),
            RecordType: RecordType.Vitals,
            Status: RecordStatus.Active,
            Title: "t",
            Description: null,
            Diagnosis: null,
            Symptoms: null,
            TreatmentPlan: null,
            Attachments: null,
            Version: 1,
            CreatedAt: default,
            UpdatedAt: default);

    private async Task Draw()
    {
        using var draw = new AuditChainWorker(_services.GetRequiredService<IServiceScopeFactory>(), _chain, Anchors(), TimeProvider.System,
            NullLogger<AuditChainWorker>.Instance);
        await draw.LinkAllAsync(CancellationToken.None);
    }

    private AuditAnchors Anchors() => new(_redis, TimeProvider.System, NullLogger<AuditAnchors>.Instance);

    private async Task<(int Code, string Said)> Verify(params string[] heads)
    {
        await using var scope = _services.CreateAsyncScope();
        var said = new StringWriter();
        var code = await new VerifyAudit(scope.ServiceProvider.GetRequiredService<ClinicalDb>(), _chain, Anchors()) { Output = said }.RunAsync(heads,
            CancellationToken.None);
        return (code, said.ToString());
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
        return await db.AuditLinks.AsNoTracking().SingleAsync(l => l.Sequence == sequence);
    }

    private async Task<MedCor.Clinical.Audit.AuditEvent> EventOf(long sequence)
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
