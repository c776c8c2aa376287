using System.Text.Json;
using MedCor.Contracts;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.Database;

/// <summary>
/// A service's database. Reads see the caller's hospital alone, inserts into another one are refused, and every change is stamped.
/// PostgreSQL's row-level security holds the same line a second time.
/// </summary>
public abstract class TenantDb : DbContext
{
    private const string TenantFilter = "tenant";
    private readonly TenantContext _tenancy;
    private readonly TimeProvider _clock;
    private readonly OutboxSignal _signal;
    private readonly List<Func<IntegrationEvent>> _raised = [];

    protected TenantDb(DbContextOptions options, TenantContext tenancy, TimeProvider clock, OutboxSignal signal) : base(options)
    {
        (_tenancy, _clock, _signal) = (tenancy, clock, signal);
        // The seal of a write is set at its transaction's start, so there always is one.
        Database.AutoTransactionBehavior = AutoTransactionBehavior.Always;
        // A save that failed ends its call; to be able to go on would cost every save two round trips.
        Database.AutoSavepointsEnabled = false;
    }

    private Guid CallersHospitalId => _tenancy.HospitalId ?? throw new InvalidOperationException("The platform reads through Rows.");

    /// <summary>Whose data this unit of work may touch.</summary>
    public TenantContext Tenancy => _tenancy;

    /// <summary>The visible rows of a table.</summary>
    public IQueryable<T> Rows<T>() where T : class => _tenancy.SeesAllHospitals ? Set<T>().IgnoreQueryFilters([TenantFilter]) : Set<T>();

    /// <summary>The visible rows of a query that EF Core cannot express.</summary>
    protected IQueryable<T> Rows<T>(FormattableString sql) where T : class =>
        _tenancy.SeesAllHospitals ? Set<T>().FromSql(sql).IgnoreQueryFilters([TenantFilter]) : Set<T>().FromSql(sql);

    /// <summary>Tells the other services, if and when the changes that this goes with are committed. Evaluated while saving, after stamping.</summary>
    public void Raise(Func<IntegrationEvent> happened) => _raised.Add(happened);

    /// <summary>Has what was added to the outbox handed over as soon as it is committed.</summary>
    internal void WakeDispatcher() => _signal.WakeWhenCommitted(Database.CurrentTransaction);

    /// <inheritdoc/>
    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken ct = default)
    {
        var now = TruncateToMicroseconds(_clock.GetUtcNow());
        foreach (var entry in ChangeTracker.Entries())
        {
            if (entry.State is EntityState.Unchanged or EntityState.Detached) continue;
            if (entry.Entity is ITenantOwned owned && !_tenancy.SeesAllHospitals && owned.HospitalId != _tenancy.HospitalId)
                throw new InvalidOperationException($"A {entry.Entity.GetType().Name} of another hospital was about to be written.");
            if (entry.Entity is not Entity entity) continue;
            if (entry.State == EntityState.Added) entity.CreatedAt = now;
            entity.UpdatedAt = now;
            entity.Version++;
        }

        var told = _raised.Count > 0;
        foreach (var happened in _raised) Add(OutboxMessage.From(happened() with { OccurredAt = now }));
        _raised.Clear();

        try
        {
            var rows = await base.SaveChangesAsync(acceptAllChangesOnSuccess, ct);
            if (told) WakeDispatcher();
            return rows;
        }
        catch (DbUpdateConcurrencyException)
        {
            throw new Conflict("It was changed by somebody else at the same moment. Read it again, then repeat.");
        }
    }

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
                var filter = typeof(TenantDb).GetMethod(nameof(FilterByTenant), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!;
                filter.MakeGenericMethod(type.ClrType).Invoke(this, [model]);
            }
            foreach (var property in type.GetProperties()) property.SetColumnName(JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));
        }
    }

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        foreach (var kind in GetType().Assembly.GetTypes().Concat(typeof(Role).Assembly.GetTypes()).Where(t => t is { IsEnum: true, IsGenericTypeDefinition: false }))
            conventions.Properties(kind).HaveConversion(typeof(EnumWordConverter<>).MakeGenericType(kind));
    }

    private void FilterByTenant<T>(ModelBuilder model) where T : class, ITenantOwned =>
        model.Entity<T>().HasQueryFilter(TenantFilter, row => row.HospitalId == CallersHospitalId);

    /// <summary>PostgreSQL keeps microseconds; a caller must be told the very instant that a later read will answer.</summary>
    private static DateTimeOffset TruncateToMicroseconds(DateTimeOffset t) => new(t.UtcTicks - t.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>Enums are kept as the words that the contract uses.</summary>
    private sealed class EnumWordConverter<T>() : Microsoft.EntityFrameworkCore.Storage.ValueConversion.ValueConverter<T, string>(
        value => EnumNames.Of(value), word => Of(word)) where T : struct, Enum
    {
        private static T Of(string word) => EnumNames.TryParse<T>(word, out var value) ? value : throw new InvalidOperationException($"A row holds a word that {typeof(T).Name} does not have.");
    }
}
