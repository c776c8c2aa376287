using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Tenancy;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Platform.LocalCopies;

/// <summary>What a service remembers of a hospital.</summary>
public sealed class HospitalCopy : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public required string Name { get; init; }
    /// <summary>IANA name.</summary>
    public required string TimeZone { get; init; }
    public bool IsActive { get; init; }
    /// <summary>How many open bookings of their own making a patient may hold.</summary>
    public int MaxOpenPatientBookings { get; init; } = Hospital.DefaultMaxOpenPatientBookings;
    public long Version { get; init; }

    /// <summary>Throws <see cref="Conflict"/> when it is out of use.</summary>
    public void EnsureActive()
    {
        if (!IsActive) throw new Conflict("The hospital is out of use.");
    }

    /// <summary>The day that its clocks show.</summary>
    public DateOnly Today(DateTimeOffset now) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(TimeZone)).DateTime);

    internal sealed class Configuration : IEntityTypeConfiguration<HospitalCopy>
    {
        public void Configure(EntityTypeBuilder<HospitalCopy> hospital) => hospital.ToTable("known_hospitals").HasKey(h => h.HospitalId);
    }
}

/// <summary>The hospitals as this service knows them: from events, and from their owner when one has not been heard of yet.</summary>
public sealed class HospitalCopies(TenantDb db, ToolClient others) : IEventHandler<HospitalCreated>, IEventHandler<HospitalUpdated>, IEventHandler<HospitalDeactivated>
{
    /// <summary>The hospital, or none if there is no such one as far as the caller may know.</summary>
    public async Task<HospitalCopy?> FindAsync(Guid id, CancellationToken ct)
    {
        if (await db.Rows<HospitalCopy>().AsNoTracking().SingleOrDefaultAsync(h => h.HospitalId == id, ct) is { } known) return known;
        if (await others.TryCallAsync(new GetHospital(id), ct) is not { } hospital) return null;
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

    /// <summary>Says why nothing can have happened on a day, by the clocks of a hospital; null when it can, when none is given, or when there is no such hospital as far as the caller may know.</summary>
    public async Task<string?> FindFutureErrorAsync(DateOnly? day, Guid hospital, DateTimeOffset now, CancellationToken ct)
    {
        // The last clocks to show a day are those of UTC-12: what is no later there, no hospital has to be asked about.
        if (day is null || day <= DateOnly.FromDateTime(now.UtcDateTime.AddHours(-12))) return null;
        return await FindAsync(hospital, ct) is { } known ? PastDateAttribute.FindFutureError(day, known.Today(now)) : null;
    }

    /// <inheritdoc/>
    public Task HandleAsync(HospitalCreated happened, CancellationToken ct) => UpsertAsync(happened.Hospital, ct);

    /// <inheritdoc/>
    public Task HandleAsync(HospitalUpdated happened, CancellationToken ct) => UpsertAsync(happened.Hospital, ct);

    /// <inheritdoc/>
    public Task HandleAsync(HospitalDeactivated happened, CancellationToken ct) => UpsertAsync(happened.Hospital, ct);

    /// <summary>Whichever version comes last, the highest stays; what it does not tell, as a replica of a version before does not, stays as it was known.</summary>
    private Task<int> UpsertAsync(Hospital hospital, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO known_hospitals (hospital_id, name, time_zone, is_active, max_open_patient_bookings, version)
        VALUES ({hospital.Id}, {hospital.Name}, {hospital.TimeZone}, {hospital.IsActive}, coalesce({hospital.MaxOpenPatientBookings}, {Hospital.DefaultMaxOpenPatientBookings}), {hospital.Version})
        ON CONFLICT (hospital_id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, is_active = excluded.is_active,
            max_open_patient_bookings = coalesce({hospital.MaxOpenPatientBookings}, known_hospitals.max_open_patient_bookings), version = excluded.version
        WHERE known_hospitals.version < excluded.version
        """, ct);
}
