using System.Security.Cryptography;
using MedCor.Chat;
using MedCor.Chat.Runs;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Database;
using MedCor.Platform.Encryption;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MedCor.Tests.Services.Platform.Encryption;

/// <summary>
/// Tests how the texts of a hospital are stored, how their keys are replaced and destroyed, and how rows of earlier versions are carried over.
/// </summary>
public sealed class TextEncryptionTests : IAsyncLifetime
{
    private const string Secret = "a secret of at least 32 characters!";
    private const string Question = """[{"role":"user","content":"What is anemia?"}]""";

    private readonly ManualTimeProvider _clock = new() { Now = DateTimeOffset.UtcNow };
    private readonly Guid _hospital = Guid.CreateVersion7();
    private NpgsqlDataSource _database = null!;
    private NpgsqlDataSource _owner = null!;

    public async Task InitializeAsync()
    {
        var owner = await (await MedCorFixture.Get()).CreateDatabase();
        await new Migrator(typeof(ChatDb).Assembly, "chat", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        _owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(owner) { Pooling = true }.ConnectionString);
        _database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, Options = "-c role=medcor_chat" }.ConnectionString);
        await Execute($"INSERT INTO known_hospitals (hospital_id, name, time_zone, is_active, version) VALUES ('{_hospital}', 'General', 'UTC', false, 1)");
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _owner.DisposeAsync();
    }

    [Fact]
    public void A_text_is_read_only_where_it_was_written_and_as_it_was_written()
    {
        var texts = Process().Texts;
        TextLocation at = new(_hospital, "treatments.notes", "1"), other = at with { HospitalId = Guid.CreateVersion7() };

        var stored = texts.Encrypt("Allergic to penicillin: ü 💊", at);

        Assert.Equal("Allergic to penicillin: ü 💊", texts.Decrypt(stored, at));
        Assert.Equal("Allergic to penicillin: ü 💊", Process().Texts.Decrypt(stored, at));
        Assert.NotEqual(stored, texts.Encrypt("Allergic to penicillin: ü 💊", at));
        Assert.DoesNotContain("penicillin", stored, StringComparison.Ordinal);
        foreach (var elsewhere in (TextLocation[])[at with { Column = "treatments.name" }, at with { Row = "2" }])
            Assert.Throws<AuthenticationTagMismatchException>(() => texts.Decrypt(stored, elsewhere));
        Assert.Throws<CryptographicException>(() => texts.Decrypt(stored, other));
        Assert.Throws<AuthenticationTagMismatchException>(() => texts.Decrypt(stored[..^4] + "AAA=", at));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Allergic to penicillin")]
    [InlineData("enc1:")]
    [InlineData("enc1:0123456789abcdef0123456789abcdeg:AAAA")]
    public void A_text_from_before_texts_were_encrypted_is_read_as_it_is(string text) =>
        Assert.Equal(text, Process().Texts.Decrypt(text, new(_hospital, "treatments.notes", "1")));

    [Fact]
    public async Task No_key_is_read_with_another_secret_and_each_is_wrapped_again_when_the_secret_is_replaced()
    {
        TextLocation at = new(_hospital, "treatments.notes", "1");
        var stored = Process().Texts.Encrypt("Penicillin", at);
        const string next = "the next secret of 32 characters!!!";

        Assert.Throws<InvalidOperationException>(() => Process(next).Texts.Decrypt(stored, at));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Process(next).Keys.VerifyAsync(CancellationToken.None));
        Assert.True(await Process(next, previous: Secret).Keys.VerifyAsync(CancellationToken.None));
        Assert.Equal("Penicillin", Process(next, previous: Secret).Texts.Decrypt(stored, at));
        await Process(next, previous: Secret).Service.ReencryptAllAsync(CancellationToken.None);

        Assert.Equal("Penicillin", Process(next).Texts.Decrypt(stored, at));
        Assert.Throws<InvalidOperationException>(() => Process().Texts.Decrypt(stored, at));
    }

    [Fact]
    public async Task An_entity_is_stored_encrypted_and_read_and_changed_as_if_it_were_not()
    {
        var process = Process();
        var run = await Add(process);

        var stored = await Stored(run);
        Assert.All(stored, text => Assert.StartsWith("enc1:", text, StringComparison.Ordinal));
        Assert.Equal((Question, "An anemia", 1L), (run.Messages, run.Answer, run.Version));
        await process.Use(async db =>
        {
            var read = await db.Runs.SingleAsync();
            Assert.Equal((Question, "An anemia"), (read.Messages, read.Answer));
            Assert.False(db.ChangeTracker.HasChanges());
            read.Answer = "Another answer";
            await db.SaveChangesAsync();
            Assert.False(db.ChangeTracker.HasChanges());
            Assert.Equal("Another answer", read.Answer);
        });

        // Only what was changed is encrypted again.
        var changed = await Stored(run);
        Assert.Equal((stored[0], false), (changed[0], stored[1] == changed[1]));
    }

    [Fact]
    public async Task Rows_of_an_earlier_version_are_read_and_carried_over_without_becoming_other_versions()
    {
        var process = Process();
        var runs = new List<ChatRun>();
        for (var i = 0; i < IEncryptedTable.PageSize + 3; i++) runs.Add(await Add(process));
        await Execute($"UPDATE chat_calls SET messages = '{Question}', answer = 'Plain'");
        await process.Use(async db => Assert.All(await db.Runs.ToListAsync(), run => Assert.Equal("Plain", run.Answer)));

        _clock.Now += ReencryptionService.Delay;
        // As if the process had been killed after the first page.
        using var killed = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            var work = Process().Service.ReencryptAllAsync(killed.Token);
            await Wait.Until(async () => work.IsCompleted || await Count("SELECT count(*) FROM chat_calls WHERE answer LIKE 'enc1:%'") > 0, "a page is done");
            await killed.CancelAsync();
            await work;
            killed.Token.ThrowIfCancellationRequested();
        });
        await Process().Service.ReencryptAllAsync(CancellationToken.None);

        Assert.Equal(0, await Count("SELECT count(*) FROM chat_calls WHERE answer NOT LIKE 'enc1:%' OR messages NOT LIKE 'enc1:%' OR version <> 1"));
        await process.Use(async db => Assert.All(await db.Runs.ToListAsync(), run => Assert.Equal((Question, "Plain"), (run.Messages, run.Answer))));
    }

    [Fact]
    public async Task Texts_of_an_upgraded_database_stay_as_they_are_until_the_encryption_is_started()
    {
        await Execute("INSERT INTO encryption_not_started VALUES (now())");
        var process = Process();
        var before = await Add(process);
        await process.Service.ReencryptAllAsync(CancellationToken.None);
        Assert.Equal([Question, "An anemia"], await Stored(before));
        Assert.Equal(0, await Count("SELECT count(*) FROM data_keys"));
        Assert.False(await process.Keys.VerifyAsync(CancellationToken.None));

        foreach (var _ in Enumerable.Range(0, 2))
            Assert.Equal(0, await process.Run(db => new StartEncryption(db, process.Trail).RunAsync([], CancellationToken.None)));
        _clock.Now += DataKeys.Lifetime;
        var after = await Add(process);
        Assert.All(await Stored(after), text => Assert.StartsWith("enc1:", text, StringComparison.Ordinal));
        _clock.Now += ReencryptionService.Delay;
        await process.Service.ReencryptAllAsync(CancellationToken.None);

        Assert.All(await Stored(before), text => Assert.StartsWith("enc1:", text, StringComparison.Ordinal));
        Assert.Equal(("start_encryption", (Guid?)null), Assert.Single(process.Trail.Recorded));
    }

    [Fact]
    public async Task A_text_that_cannot_be_read_holds_up_no_other_and_keeps_the_key_that_it_names()
    {
        var process = Process();
        ChatRun[] runs = [await Add(process), await Add(process), await Add(process)];
        await Execute($"UPDATE chat_calls SET answer = (SELECT answer FROM chat_calls WHERE id = '{runs[0].Id}') WHERE id = '{runs[1].Id}'");
        var moved = await Stored(runs[1]);

        await process.Use(db => new RotateDataKeys(db, process.Wrapping, process.Trail, _clock).RotateAsync(_hospital, CancellationToken.None));
        _clock.Now += DataKeys.Lifetime + ReencryptionService.Delay;
        await process.Service.ReencryptAllAsync(CancellationToken.None);
        foreach (var run in (ChatRun[])[runs[0], runs[2]])
            Assert.All(await Stored(run), text => Assert.NotEqual(moved[0][..37], text[..37]));
        Assert.Equal(moved, await Stored(runs[1]));
        Assert.Equal(0, await Count($"SELECT count(*) FROM data_keys WHERE hospital_id = '{_hospital}' AND retired_at IS NULL AND reencrypted_at IS NULL"));

        _clock.Now += ReencryptionService.RetiredLifetime;
        await process.Service.ReencryptAllAsync(CancellationToken.None);
        Assert.Equal(2, await CountKeys());
        await process.Use(async db =>
        {
            await Assert.ThrowsAsync<AuthenticationTagMismatchException>(() => db.Runs.SingleAsync(r => r.Id == runs[1].Id));
            Assert.Equal("An anemia", (await db.Runs.SingleAsync(r => r.Id == runs[0].Id)).Answer);
        });
    }

    [Fact]
    public async Task A_plain_text_is_reported_without_its_content_once_all_texts_of_its_hospital_were_encrypted()
    {
        var process = Process();
        var run = await Add(process);
        await Execute("UPDATE chat_calls SET answer = 'From before'");
        await Read("From before");
        _clock.Now += ReencryptionService.Delay;
        await process.Service.ReencryptAllAsync(CancellationToken.None);
        _clock.Now += DataKeys.Lifetime;
        await Read("From before");
        Assert.Empty(process.Log.Warnings);

        await Execute("UPDATE chat_calls SET answer = 'Forged', metadata = ''");
        await Read("Forged");

        var warning = Assert.Single(process.Log.Warnings);
        Assert.Contains($"row {run.Id} of chat_calls.answer", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("Forged", warning, StringComparison.Ordinal);

        // Replacing the key would encrypt the text like any other, which is reported, too.
        await process.Use(db => new RotateDataKeys(db, process.Wrapping, process.Trail, _clock).RotateAsync(_hospital, CancellationToken.None));
        _clock.Now += DataKeys.Lifetime + ReencryptionService.Delay;
        await process.Service.ReencryptAllAsync(CancellationToken.None);
        Assert.Equal(2, process.Log.Warnings.Count);

        Task Read(string answer) => process.Use(async db => Assert.Equal(answer, (await db.Runs.AsNoTracking().SingleAsync()).Answer));
    }

    [Fact]
    public async Task A_replaced_key_encrypts_nothing_any_more_and_is_deleted_when_nothing_needs_it()
    {
        var (process, at) = (Process(), new TextLocation(_hospital, "treatments.notes", "1"));
        var run = await Add(process);
        var before = process.Texts.Encrypt("Penicillin", at);

        await process.Use(db => new RotateDataKeys(db, process.Wrapping, process.Trail, _clock).RotateAsync(_hospital, CancellationToken.None), hospital: null);
        // Within a minute every process has learned of the new key.
        _clock.Now += DataKeys.Lifetime;
        var after = process.Texts.Encrypt("Penicillin", at);
        Assert.NotEqual(before[..37], after[..37]);
        Assert.Equal("Penicillin", process.Texts.Decrypt(before, at));

        _clock.Now += ReencryptionService.Delay;
        await process.Service.ReencryptAllAsync(CancellationToken.None);
        Assert.All(await Stored(run), text => Assert.Equal(after[..37], text[..37]));
        Assert.Equal(2, await CountKeys());
        _clock.Now += ReencryptionService.RetiredLifetime;
        await process.Service.ReencryptAllAsync(CancellationToken.None);
        Assert.Equal(1, await CountKeys());
        Assert.Equal(("rotate_data_keys", (Guid?)_hospital), Assert.Single(process.Trail.Recorded));
        await process.Use(async db => Assert.Equal("An anemia", (await db.Runs.SingleAsync()).Answer));
    }

    [Fact]
    public async Task Destroyed_keys_make_the_texts_of_one_hospital_unreadable_everywhere_and_nothing_can_be_written()
    {
        var (process, other) = (Process(), Guid.CreateVersion7());
        var run = await Add(process);
        var others = process.Texts.Encrypt("Penicillin", new(other, "treatments.notes", "1"));

        var code = await process.Run(
            db => new DestroyDataKeys(db, process.Wrapping, process.Trail, _clock) { Input = new StringReader("General\n") }
                .RunAsync([$"{_hospital}"], CancellationToken.None));
        _clock.Now += DataKeys.Lifetime;

        Assert.Equal(0, code);
        Assert.Equal(("destroy_data_keys", (Guid?)_hospital), Assert.Single(process.Trail.Recorded));
        Assert.Equal(0, await Count($"SELECT count(*) FROM data_keys WHERE hospital_id = '{_hospital}' AND wrapped IS NOT NULL"));
        foreach (var anywhere in (TestProcess[])[process, Process()])
        {
            await anywhere.Use(async db =>
            {
                var read = await db.Runs.SingleAsync(r => r.Id == run.Id);
                Assert.Equal(("[]", TextEncryption.Destroyed), (read.Messages, read.Answer));
            });
            await Assert.ThrowsAsync<Conflict>(() => Add(anywhere));
            Assert.Equal("Penicillin", anywhere.Texts.Decrypt(others, new(other, "treatments.notes", "1")));
        }
    }

    [Theory]
    [InlineData("Generally\n")]
    [InlineData("")]
    public async Task Keys_are_destroyed_only_when_the_name_of_the_hospital_is_typed(string typed)
    {
        var process = Process();
        await Add(process);

        var code = await process.Run(
            db => new DestroyDataKeys(db, process.Wrapping, process.Trail, _clock) { Input = new StringReader(typed) }
                .RunAsync([$"{_hospital}"], CancellationToken.None));

        Assert.Equal((1, 1L), (code, await CountKeys()));
    }

    private Task<ChatRun> Add(TestProcess process)
    {
        var run = new ChatRun
        {
            HospitalId = _hospital, OwnerId = Guid.CreateVersion7(), Digest = "", Model = "model", Messages = Question, IsWhole = true, Answer = "An anemia",
        };
        return process.Run(async db =>
        {
            db.Add(run);
            await db.SaveChangesAsync();
            return run;
        }, _hospital);
    }

    private TestProcess Process(string secret = Secret, string? previous = null) => new(_database, new(secret, previous), _clock);

    private async Task<string[]> Stored(ChatRun run)
    {
        await using var command = _owner.CreateCommand("SELECT messages, answer FROM chat_calls WHERE id = $1");
        command.Parameters.Add(new() { Value = run.Id });
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return [reader.GetString(0), reader.GetString(1)];
    }

    private Task<long> CountKeys() => Count($"SELECT count(*) FROM data_keys WHERE hospital_id = '{_hospital}' AND wrapped IS NOT NULL");

    private async Task<long> Count(string sql)
    {
        await using var command = _owner.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task Execute(string sql)
    {
        await using var command = _owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Holds what a process of a service has in memory.</summary>
    private sealed class TestProcess
    {
        private readonly ServiceProvider _services;

        public TestProcess(NpgsqlDataSource database, DataKeyWrapping wrapping, TimeProvider clock)
        {
            Keys = new(database, wrapping, clock);
            (Wrapping, Texts) = (wrapping, new TextEncryption(Keys, Log));
            _services = new ServiceCollection().AddSingleton(clock).AddSingleton(Texts).AddTenantDb<ChatDb>((_, db) => db.UseNpgsql(database))
                .AddScoped<IEncryptedTable, EncryptedTable<ChatRun>>().BuildServiceProvider();
            Service = new(_services.GetRequiredService<IServiceScopeFactory>(), Keys, wrapping, clock, NullLogger<ReencryptionService>.Instance);
        }

        public DataKeys Keys { get; }

        public Trail Trail { get; } = new();

        public Lines Log { get; } = new();

        public DataKeyWrapping Wrapping { get; }

        public TextEncryption Texts { get; }

        public ReencryptionService Service { get; }

        public Task<bool> Use(Func<ChatDb, Task> work, Guid? hospital = null) => Run(async db =>
        {
            await work(db);
            return true;
        }, hospital);

        public async Task<T> Run<T>(Func<ChatDb, Task<T>> work, Guid? hospital = null)
        {
            await using var scope = _services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<TenantContext>().Enter(hospital);
            return await work(scope.ServiceProvider.GetRequiredService<ChatDb>());
        }
    }

    /// <summary>Holds the warnings that are logged about texts.</summary>
    private sealed class Lines : ILogger
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning) Warnings.Add(formatter(state, exception));
        }
    }

    /// <summary>Holds what is recorded of keys.</summary>
    private sealed class Trail : IAuditTrail
    {
        public List<(string Action, Guid? HospitalId)> Recorded { get; } = [];

        public Task RecordAsync(AuditedAccess access, AuditOutcome outcome, IEnumerable<AuditedEntity> content, CancellationToken ct) =>
            throw new NotSupportedException();

        public Task RecordAsync(AuditActor actor, AuditedAccess access, AuditOutcome outcome, Guid? hospitalId, CancellationToken ct)
        {
            Assert.Equal((AuditActor.System, "data_keys", AuditKind.Administration), (actor, access.Resource, access.Kind));
            Recorded.Add((access.Action, hospitalId));
            return Task.CompletedTask;
        }
    }
}
