using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.People;

/// <summary>Represents the periods in which a hospital was active.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class HospitalPeriods : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public ActivePeriods ActivePeriods { get; init; } = ActivePeriods.None;

    internal sealed class Configuration : IEntityTypeConfiguration<HospitalPeriods>
    {
        public void Configure(EntityTypeBuilder<HospitalPeriods> hospital) => hospital.ToTable("hospital_periods").HasKey(h => h.HospitalId);
    }
}

/// <summary>Stores the periods in which hospitals were active, from the newest version of each, regardless of the order in which events arrive.</summary>
internal sealed class HospitalPeriodsProjection(AnalyticsDb db)
    : IEventHandler<HospitalCreated>, IEventHandler<HospitalUpdated>, IEventHandler<HospitalDeactivated>
{
    public Task HandleAsync(HospitalCreated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent, ct);

    public Task HandleAsync(HospitalUpdated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent, ct);

    public Task HandleAsync(HospitalDeactivated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent, ct);

    private Task UpsertAsync(HospitalEvent integrationEvent, CancellationToken ct) =>
        integrationEvent.ActivePeriods is not { } periods ? Task.CompletedTask : db.Database.ExecuteSqlAsync($"""
            INSERT INTO hospital_periods (hospital_id, active_periods, version)
            VALUES ({integrationEvent.Hospital.Id}, {JsonSerializer.Serialize(periods, Json.Options)}::jsonb, {integrationEvent.Version})
            ON CONFLICT (hospital_id) DO UPDATE SET active_periods = excluded.active_periods, version = excluded.version
            WHERE hospital_periods.version < excluded.version
            """, ct);
}
