using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.ServiceClients;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Platform.LocalCopies;

/// <summary>Represents a service's local copy of a hospital.</summary>
[NoPersonalData(IsExported = false)]
public sealed class HospitalCopy : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public required string Name { get; init; }
    /// <summary>Gets the IANA name of the hospital's time zone.</summary>
    public required string TimeZone { get; init; }
    public bool IsActive { get; init; }
    /// <summary>Gets the maximum number of open bookings of their own that a patient may have.</summary>
    public int MaxOpenPatientBookings { get; init; } = Hospital.DefaultMaxOpenPatientBookings;
    public long Version { get; init; }

    /// <summary>Throws <see cref="Conflict"/> when the hospital is inactive.</summary>
    public void EnsureActive()
    {
        if (!IsActive) throw new Conflict("The hospital is inactive.");
    }

    /// <summary>Returns the current date in the hospital's time zone.</summary>
    public DateOnly Today(DateTimeOffset now) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(TimeZone)).DateTime);

    internal sealed class Configuration : IEntityTypeConfiguration<HospitalCopy>
    {
        public void Configure(EntityTypeBuilder<HospitalCopy> hospital) => hospital.ToTable("known_hospitals").HasKey(h => h.HospitalId);
    }
}

/// <summary>Determines which hospitals exist.</summary>
public interface IHospitalDirectory
{
    /// <summary>Returns whether a hospital exists, active or not, as far as the caller may know.</summary>
    Task<bool> ExistsAsync(Guid id, CancellationToken ct);
}

/// <summary>
/// Keeps this service's copies of hospitals up to date from events, and fetches a hospital that has not been received yet from the service that owns it.
/// </summary>
public sealed class HospitalCopies(TenantDb db, ToolClient tools)
    : IEventHandler<HospitalCreated>, IEventHandler<HospitalUpdated>, IEventHandler<HospitalDeactivated>, IHospitalDirectory
{
    /// <inheritdoc/>
    public async Task<bool> ExistsAsync(Guid id, CancellationToken ct) => await FindAsync(id, ct) is not null;

    /// <summary>Returns the hospital; null when it does not exist as far as the caller may know.</summary>
    public async Task<HospitalCopy?> FindAsync(Guid id, CancellationToken ct)
    {
        if (await db.Rows<HospitalCopy>().AsNoTracking().SingleOrDefaultAsync(h => h.HospitalId == id, ct) is { } copy) return copy;
        if (await tools.TryLookUpAsync(new GetHospital(id), ct) is not { } hospital) return null;
        await UpsertAsync(hospital, ct);
        return new()
        {
            HospitalId = hospital.Id,
            Name = hospital.Name,
            TimeZone = hospital.TimeZone,
            IsActive = hospital.IsActive,
            MaxOpenPatientBookings = hospital.MaxOpenPatientBookings ?? Hospital.DefaultMaxOpenPatientBookings,
            Version = hospital.Version,
        };
    }

    /// <summary>
    /// Returns the hospital that a call concerns: the one that it names, or the caller's own. <see cref="TenantContext.RequireHospital"/> makes sure that there
    /// is one. Throws <see cref="NotFound"/> when it does not exist as far as the caller may know.
    /// </summary>
    public async Task<HospitalCopy> GetRequestedAsync(Guid? requestedId, CancellationToken ct) =>
        await FindAsync((requestedId ?? db.Tenancy.HospitalId)!.Value, ct) ?? throw new NotFound("hospital");

    /// <summary>
    /// Returns the error for a day that is in the future in the hospital's time zone; null when the day is not in the future, is not given, or the hospital
    /// does not exist as far as the caller may know.
    /// </summary>
    public async Task<string?> FindFutureErrorAsync(DateOnly? day, Guid hospital, DateTimeOffset now, CancellationToken ct)
    {
        // UTC-12 is the last time zone in which a day begins. A day that has begun there is not in the future for any hospital, so none needs to be read.
        if (day is null || day <= DateOnly.FromDateTime(now.UtcDateTime.AddHours(-12))) return null;
        return await FindAsync(hospital, ct) is { } copy ? PastDateAttribute.FindFutureError(day, copy.Today(now)) : null;
    }

    /// <inheritdoc/>
    public Task HandleAsync(HospitalCreated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.Hospital, ct);

    /// <inheritdoc/>
    public Task HandleAsync(HospitalUpdated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.Hospital, ct);

    /// <inheritdoc/>
    public Task HandleAsync(HospitalDeactivated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.Hospital, ct);

    /// <summary>
    /// Stores a hospital unless a higher version is stored already, whatever the order of arrival. A value that is missing, because a replica of an earlier
    /// version does not send it, keeps its stored value.
    /// </summary>
    private Task<int> UpsertAsync(Hospital hospital, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO known_hospitals (hospital_id, name, time_zone, is_active, max_open_patient_bookings, version)
        VALUES ({hospital.Id}, {hospital.Name}, {hospital.TimeZone}, {hospital.IsActive},
            coalesce({hospital.MaxOpenPatientBookings}, {Hospital.DefaultMaxOpenPatientBookings}), {hospital.Version})
        ON CONFLICT (hospital_id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, is_active = excluded.is_active,
            max_open_patient_bookings = coalesce({hospital.MaxOpenPatientBookings}, known_hospitals.max_open_patient_bookings), version = excluded.version
        WHERE known_hospitals.version < excluded.version
        """, ct);
}
