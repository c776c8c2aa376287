using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Messaging;
using MedCor.Platform.Secrets;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace MedCor.Platform.Database;

/// <summary>
/// Represents a service's database. Reads return rows of the caller's hospital only, inserts into another hospital are rejected, and every changed row is
/// stamped. PostgreSQL's row-level security enforces the same isolation a second time.
/// </summary>
public abstract class TenantDb : DbContext
{
    private const string TenantFilter = "tenant";

    /// <summary>The error of a write that another one has overtaken.</summary>
    internal const string ConcurrentChange = "It was changed by another request at the same time. Read it again, then retry.";

    /// <summary>The filters that do not apply to callers who see all hospitals.</summary>
    internal static readonly string[] IgnoredFilters = [TenantFilter];

    private readonly TimeProvider _clock;
    private readonly OutboxSignal _signal;
    private readonly List<Func<IntegrationEvent>> _raised = [];
    private TenantContext _tenancy = new();

    protected TenantDb(DbContextOptions options, TimeProvider clock, OutboxSignal signal) : base(options)
    {
        (_clock, _signal) = (clock, signal);
        // Row-level security of a write is set at the start of its transaction, so every save needs a transaction.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        // A failed save ends its request. Savepoints, which would allow it to continue, would cost every save two round trips.
        Database.AutoSavepointsEnabled = false;
    }

    private Guid CallersHospitalId => _tenancy.HospitalId ?? throw new InvalidOperationException("The platform reads through Rows.");

    /// <summary>Gets the tenant context, which determines the data that this unit of work may access.</summary>
    public TenantContext Tenancy => _tenancy;

    /// <summary>Gets what is executed before the next command.</summary>
    internal LeadingStatements LeadingStatements { get; } = new();

    /// <summary>Gets the encryption of the texts of <see cref="IEncryptedRow"/>; null in a service that stores none.</summary>
    internal TextEncryption? Texts { get; private set; }

    /// <summary>
    /// Gets the current time, truncated to microseconds, PostgreSQL's precision, so that a caller receives exactly the instant that a later read returns.
    /// </summary>
    public DateTimeOffset UtcNow => new(_clock.GetUtcNow().UtcTicks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>Begins a unit of work. An instance comes from a pool, and nothing of its last unit of work remains.</summary>
    internal void Begin(TenantContext tenancy, TextEncryption? texts = null)
    {
        (_tenancy, Texts) = (tenancy, texts);
        _raised.Clear();
        LeadingStatements.Clear();
    }

    /// <summary>
    /// Executes a query whose result is ignored, such as one that takes a lock, in the same round trip as the next command and before it. It sees what was
    /// committed when it begins, and the next command what was committed when the query has ended. To be used in a transaction that executes a command
    /// afterwards.
    /// </summary>
    public void ExecuteWithNext(FormattableString query) => LeadingStatements.Add(query);

    /// <summary>Returns the visible rows of a table.</summary>
    public IQueryable<T> Rows<T>() where T : class => _tenancy.SeesAllHospitals ? Set<T>().IgnoreQueryFilters(IgnoredFilters) : Set<T>();

    /// <summary>Returns the visible rows of a query that EF Core cannot express.</summary>
    protected IQueryable<T> Rows<T>(FormattableString sql) where T : class =>
        _tenancy.SeesAllHospitals ? Set<T>().FromSql(sql).IgnoreQueryFilters(IgnoredFilters) : Set<T>().FromSql(sql);

    /// <summary>Publishes an event if and when the accompanying changes are committed. The event is created while saving, after rows are stamped.</summary>
    public void Raise(Func<IntegrationEvent> integrationEvent) => _raised.Add(integrationEvent);

    /// <summary>Wakes the dispatcher as soon as the events added to the outbox are committed.</summary>
    internal void WakeDispatcher() => _signal.WakeWhenCommitted(Database.CurrentTransaction);

    /// <inheritdoc/>
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken ct = default)
    {
        var now = UtcNow;
        var encryptedRows = new List<EntityEntry>();
        foreach (var entry in ChangeTracker.Entries())
        {
            if (entry.State is EntityState.Unchanged or EntityState.Detached) continue;
            if (entry.Entity is IEncryptedRow) encryptedRows.Add(entry);
            if (entry.Entity is ITenantOwned owned && !_tenancy.SeesAllHospitals && owned.HospitalId != _tenancy.HospitalId)
                throw new InvalidOperationException($"A {entry.Entity.GetType().Name} of another hospital was about to be written.");
            if (entry.Entity is not Entity entity) continue;
            if (entry.State == EntityState.Added) entity.CreatedAt = now;
            entity.UpdatedAt = now;
            entity.Version++;
        }

        var hasEvents = _raised.Count > 0;
        foreach (var integrationEvent in _raised) Add(OutboxMessage.From(integrationEvent() with { OccurredAt = now }));
        _raised.Clear();

        try
        {
            var rows = await SaveEncryptedAsync(encryptedRows, acceptAllChangesOnSuccess, ct);
            if (hasEvents) WakeDispatcher();
            return rows;
        }
        catch (DbUpdateConcurrencyException e) when (!HandlesConcurrentChange(e.Entries))
        {
            throw new Conflict(ConcurrentChange);
        }
    }

    /// <summary>
    /// Encrypts the texts of these entities with the key that is in use, and saves them. Neither their version nor the time of their last change changes.
    /// </summary>
    internal async Task ReencryptAsync(IEnumerable<IEncryptedRow> rows, CancellationToken ct)
    {
        var entries = rows.Select(row => Entry((object)row)).ToList();
        foreach (var entry in entries) EncryptedColumns.Of(entry.Metadata).MarkModified(entry);
        await SaveEncryptedAsync(entries, acceptAllChangesOnSuccess: true, ct);
    }

    /// <summary>Encrypts the texts of an entity that is not tracked, for a statement that EF Core cannot express.</summary>
    public void EncryptTexts<T>(T row) where T : class, IEncryptedRow => EncryptedColumns.Of(Model.FindEntityType(typeof(T))!).Encrypt(row, Texts);

    /// <summary>Returns the number of characters in the encrypted texts of an entity, as they were written.</summary>
    internal long CountCharacters<T>(T row) where T : class, IEncryptedRow =>
        EncryptedColumns.Of(Model.FindEntityType(typeof(T))!).CountCharacters(row);

    /// <summary>Saves all changes. While it does, the texts of these entities are encrypted.</summary>
    private async Task<int> SaveEncryptedAsync(List<EntityEntry> entries, bool acceptAllChangesOnSuccess, CancellationToken ct)
    {
        var encrypted = new List<(EntityEntry Entry, IReadOnlyList<EncryptedText> Texts)>(entries.Count);
        try
        {
            foreach (var entry in entries.Where(e => e.State is EntityState.Added or EntityState.Modified))
            {
                var row = (IEncryptedRow)entry.Entity;
                if (Texts is not null) await Texts.PrepareAsync(row.HospitalId, forWriting: true, ct);
                encrypted.Add((entry, EncryptedColumns.Of(entry.Metadata).Encrypt(row, Texts, entry)));
            }
            return await base.SaveChangesAsync(acceptAllChangesOnSuccess, ct);
        }
        finally
        {
            foreach (var (entry, texts) in encrypted)
                foreach (var text in texts)
                {
                    text.Set(entry.Entity, text.Text);
                    // What was saved is what a later change is compared with.
                    if (entry.State == EntityState.Unchanged) entry.Property(text.Property).OriginalValue = text.Text;
                }
        }
    }

    /// <summary>
    /// Returns whether whoever saves these entities handles <see cref="DbUpdateConcurrencyException"/>. For any others a save throws <see cref="Conflict"/>.
    /// </summary>
    protected virtual bool HandlesConcurrentChange(IReadOnlyList<EntityEntry> entries) => false;

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder model)
    {
        model.ApplyConfigurationsFromAssembly(GetType().Assembly);
        model.ApplyConfigurationsFromAssembly(typeof(TenantDb).Assembly);
        TextFunctions.AddTo(model);

        foreach (var type in model.Model.GetEntityTypes())
        {
            var entity = model.Entity(type.ClrType);
            if (typeof(Entity).IsAssignableFrom(type.ClrType)) entity.Property(nameof(Entity.Version)).IsConcurrencyToken();
            if (typeof(ITenantOwned).IsAssignableFrom(type.ClrType))
            {
                var filter = typeof(TenantDb).GetMethod(nameof(FilterByTenant),
                    System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!;
                filter.MakeGenericMethod(type.ClrType).Invoke(this, [model]);
            }
            EncryptedColumns.Validate(type);
            foreach (var property in type.GetProperties()) property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        }
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        foreach (var kind in GetType().Assembly.GetTypes().Concat(typeof(Role).Assembly.GetTypes())
            .Where(t => t is { IsEnum: true, IsGenericTypeDefinition: false }))
            conventions.Properties(kind).HaveConversion(typeof(EnumNameConverter<>).MakeGenericType(kind));
        conventions.Properties<ActivePeriods>().HaveConversion<ActivePeriodsConverter>().HaveColumnType("jsonb");
    }

    private void FilterByTenant<T>(ModelBuilder model) where T : class, ITenantOwned =>
        model.Entity<T>().HasQueryFilter(TenantFilter, row => row.HospitalId == CallersHospitalId);

    private sealed class ActivePeriodsConverter() : Microsoft.EntityFrameworkCore.Storage.ValueConversion.ValueConverter<ActivePeriods, string>(
        periods => JsonSerializer.Serialize(periods, Json.Options),
        json => JsonSerializer.Deserialize<ActivePeriods>(json, Json.Options)!);
}
