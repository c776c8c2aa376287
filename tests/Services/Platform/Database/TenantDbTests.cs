using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Context = MedCor.Platform.Tenancy.TenantContext;

namespace MedCor.Tests.Services.Platform.Database;

/// <summary>Tests the query filter that separates hospitals, and that row-level security still separates them when the filter is removed.</summary>
public sealed class TenantDbTests : IAsyncLifetime
{
    private static readonly Guid Ours = Guid.CreateVersion7();
    private static readonly Guid Theirs = Guid.CreateVersion7();

    private readonly OutboxSignal _signal = new();
    private NpgsqlDataSource _database = null!;

    internal sealed class Note : Entity, ITenantOwned
    {
        public required Guid HospitalId { get; init; }
        public required string Text { get; set; }
    }

    internal sealed class NotesDb(DbContextOptions options, OutboxSignal signal) : TenantDb(options, TimeProvider.System, signal)
    {
        internal IQueryable<Note> Notes => Rows<Note>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Note>().ToTable("notes").HasKey(n => n.Id);
            base.OnModelCreating(modelBuilder);
        }
    }

    public async Task InitializeAsync()
    {
        var system = await MedCorFixture.Get();
        var owner = await system.CreateDatabase();
        await new Migrator(typeof(NotesDb).Assembly, "chat", NullLogger.Instance).MigrateAsync(owner, CancellationToken.None);
        await using (var connection = new NpgsqlConnection(owner))
        {
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand(
                $"""
                CREATE TABLE notes (id uuid PRIMARY KEY, hospital_id uuid NOT NULL, text text NOT NULL,
                    version bigint NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
                SELECT seal('notes');
                INSERT INTO notes SELECT gen_random_uuid(), '{Ours}', 'ours', 1, now(), now();
                INSERT INTO notes SELECT gen_random_uuid(), '{Theirs}', 'theirs', 1, now(), now();
                """, connection);
            await create.ExecuteNonQueryAsync();
        }
        // A single connection, so that every test reuses the connection that the previous one left behind.
        _database = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(owner) { Pooling = true, MaxPoolSize = 1, Options = "-c role=medcor_chat" }.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        _signal.Dispose();
    }

    [Fact]
    public async Task A_hospital_sees_its_own_rows_alone()
    {
        await using var db = As(Ours);

        Assert.Equal(["ours"], await db.Notes.Select(n => n.Text).ToListAsync());
        Assert.Equal(1, await db.Notes.CountAsync());
    }

    [Fact]
    public async Task The_platform_sees_all()
    {
        await using var db = As(null);

        Assert.Equal(["ours", "theirs"], await db.Notes.Select(n => n.Text).Order().ToListAsync());
    }

    [Fact]
    public async Task A_query_without_a_tenant_context_throws()
    {
        await using var db = Undecided(new Context());

        Assert.Throws<InvalidOperationException>(() => db.Notes);
        await Assert.ThrowsAsync<InvalidOperationException>(() => db.Set<Note>().ToListAsync());
    }

    [Fact]
    public async Task Writing_into_another_hospital_throws()
    {
        await using var db = As(Ours);
        db.Add(new Note { HospitalId = Theirs, Text = "smuggled" });

        await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync());
    }

    [Fact]
    public async Task PostgreSQL_hides_foreign_rows_even_when_the_filter_is_taken_off()
    {
        await using var db = As(Ours);

        Assert.Equal(["ours"], await db.Set<Note>().IgnoreQueryFilters().Select(n => n.Text).ToListAsync());
        Assert.Equal(0,
            await db.Set<Note>().IgnoreQueryFilters().Where(n => n.HospitalId == Theirs).ExecuteUpdateAsync(s => s.SetProperty(n => n.Text, "changed")));
    }

    [Fact]
    public async Task PostgreSQL_refuses_foreign_rows_whoever_inserts_them()
    {
        await using var db = As(Ours);
        await using var transaction = await db.Database.BeginTransactionAsync();

        var refused = await Assert.ThrowsAsync<PostgresException>(() => db.Database.ExecuteSqlAsync(
            $"INSERT INTO notes VALUES (gen_random_uuid(), {Theirs}, 'smuggled', 1, now(), now())"));

        Assert.Equal("42501", refused.SqlState);
    }

    [Fact]
    public async Task A_pooled_connection_carries_no_tenant_context_over()
    {
        await using (var db = As(null)) Assert.Equal(2, await db.Notes.CountAsync());
        await using (var db = As(Ours))
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            Assert.Equal(1, await db.Notes.CountAsync());
            await transaction.CommitAsync();
        }

        await using var bare = _database.CreateCommand("SELECT count(*) FROM notes");
        Assert.Equal(0L, await bare.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_pooled_context_is_in_one_unit_of_work_until_its_scope_has_ended()
    {
        await using var services = PooledContexts();
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
        // A scope disposes of a context once for each type by which it was resolved, so also of one that another scope has by then.
        Assert.Same(db, scope.ServiceProvider.GetRequiredService<TenantDb>());
        Assert.Same(db, scope.ServiceProvider.GetRequiredService<DbContext>());
        await db.DisposeAsync();

        await using var other = services.CreateAsyncScope();
        Assert.NotSame(db, other.ServiceProvider.GetRequiredService<NotesDb>());
        Assert.NotSame(db.Tenancy, other.ServiceProvider.GetRequiredService<NotesDb>().Tenancy);
        db.Tenancy.Enter(Ours);
        Assert.Equal(1, await db.Notes.CountAsync());
    }

    [Fact]
    public async Task Nothing_of_a_unit_of_work_that_ended_remains_in_its_context()
    {
        await using var services = PooledContexts();
        for (var i = 0; i < 2; i++)
        {
            await using var scope = services.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<NotesDb>();
            Assert.Throws<InvalidOperationException>(() => db.Notes);
            db.Tenancy.Enter(Ours);
            Assert.Equal(["ours"], await db.Notes.Select(n => n.Text).ToListAsync());
            await db.SaveChangesAsync();

            // Left behind, as by a call that is refused.
            db.Add(new Note { HospitalId = Ours, Text = "never saved" });
            db.Raise(() => throw new InvalidOperationException("An event of another unit of work."));
            db.ExecuteWithNext($"SELECT 1/0");
        }
    }

    [Fact]
    public async Task A_query_that_is_sent_with_the_next_command_runs_before_it_and_leaves_its_result_alone()
    {
        await using var db = As(Ours);
        await using var transaction = await db.Database.BeginTransactionAsync();
        db.ExecuteWithNext($"SELECT set_config('medcor.test', {"first"}, true)");
        db.ExecuteWithNext($"SELECT set_config('medcor.test', current_setting('medcor.test') || {"second"}, true)");

        Assert.Equal("firstsecond", await db.Database.SqlQuery<string>($"SELECT current_setting('medcor.test') AS \"Value\"").SingleAsync());
        Assert.Equal(1, await db.Notes.CountAsync());

        db.ExecuteWithNext($"SELECT set_config('medcor.test', {"third"}, true)");
        var note = new Note { HospitalId = Ours, Text = "third" };
        db.Add(note);
        await db.SaveChangesAsync();
        Assert.Equal("third", await db.Database.SqlQuery<string>($"SELECT current_setting('medcor.test') AS \"Value\"").SingleAsync());
        await transaction.RollbackAsync();
    }

    [Fact]
    public async Task A_concurrent_change_is_a_conflict()
    {
        await using var db = As(Ours);
        var note = new Note { HospitalId = Ours, Text = "mine" };
        db.Add(note);
        await db.SaveChangesAsync();
        Assert.Equal(1, note.Version);

        await using (var other = As(Ours))
        {
            (await other.Notes.SingleAsync(n => n.Id == note.Id)).Text = "other";
            await other.SaveChangesAsync();
        }
        note.Text = "late";

        await Assert.ThrowsAsync<MedCor.Contracts.Conflict>(() => db.SaveChangesAsync());
        await using var cleaner = As(Ours);
        await cleaner.Notes.Where(n => n.Id == note.Id).ExecuteDeleteAsync();
    }

    private ServiceProvider PooledContexts() => new ServiceCollection().AddSingleton(TimeProvider.System)
        .AddTenantDb<NotesDb>((_, options) => options.UseNpgsql(_database)).BuildServiceProvider();

    private NotesDb As(Guid? hospital)
    {
        var tenancy = new Context();
        tenancy.Enter(hospital);
        return Undecided(tenancy);
    }

    private NotesDb Undecided(Context tenancy)
    {
        var db = new NotesDb(new DbContextOptionsBuilder().UseNpgsql(_database).AddInterceptors(new RowLevelSecurityInterceptor(), _signal).Options, _signal);
        db.Begin(tenancy);
        return db;
    }
}
