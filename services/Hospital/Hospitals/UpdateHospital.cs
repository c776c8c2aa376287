using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.Platform.ServiceClients;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

/// <summary>
/// Represents the upcoming appointments of a hospital whose time zone is about to change. Clinical books nothing until it receives the change.
/// </summary>
/// <param name="Version">The version of the hospital when the pause began.</param>
/// <param name="Affected">The next upcoming appointments, at most 100.</param>
/// <param name="Count">The number of upcoming appointments.</param>
internal sealed record PausedBookings(long Version, IReadOnlyList<RezonedAppointment> Affected, long Count);

internal sealed class UpdateHospitalHandler(HospitalDb db, HospitalResource hospitals, ToolClient tools)
    : IToolHandler<UpdateHospital, PausedBookings?, UpdatedHospital>, ICurrentStateProvider<UpdateHospital>
{
    public async Task<object> GetCurrentAsync(UpdateHospital request, CancellationToken ct) => await hospitals.GetAsync(request.HospitalId, ct);

    /// <summary>
    /// Pauses bookings in Clinical before the time zone is changed, and returns the affected appointments; null when the time zone stays. While Clinical
    /// cannot name the affected appointments, the time zone is not changed.
    /// </summary>
    public async Task<PausedBookings?> PrepareAsync(UpdateHospital request, CancellationToken ct)
    {
        if (request.TimeZone is not { } zone) return null;
        var hospital = await db.Hospitals.AsNoTracking().SingleOrDefaultAsync(h => h.Id == request.HospitalId, ct) ?? throw new NotFound("hospital");
        // An older name of the same time zone changes no local time.
        if (zone == (TimeZoneNames.Canonicalize(hospital.TimeZone) ?? hospital.TimeZone)) return null;

        // A rejected request must not pause bookings.
        hospital.ThrowIfVersionDiffers(request.ExpectedVersion);
        var upcoming = await tools.PostAsync<UpcomingBookings>("clinical", PauseBookings.Path,
            new PauseBookings(hospital.Id, UserId: null, hospital.Version), ct);
        return new(hospital.Version, [.. upcoming.Results.Select(a => ToRezonedAppointment(a, zone))], upcoming.Total);
    }

    public async Task<UpdatedHospital> HandleAsync(UpdateHospital request, PausedBookings? paused, CancellationToken ct)
    {
        var hospital = await db.Hospitals.SingleOrDefaultAsync(h => h.Id == request.HospitalId, ct) ?? throw new NotFound("hospital");
        hospital.ThrowIfVersionDiffers(request.ExpectedVersion);
        // A change in between may have ended the pause.
        if (paused is not null && paused.Version != hospital.Version)
            throw new Conflict("The hospital was changed by another request at the same time. Read it again, then retry.") { RetryAfter = 1 };

        // Administrators of an inactive hospital may still hold a valid token for some seconds.
        if (request.IsActive is true && !hospital.IsActive && !db.Tenancy.Caller.IsOneOf(Callers.Platform))
            throw new Forbidden("Only platform administrators can reactivate a hospital.");

        hospital.Name = request.Name ?? hospital.Name;
        hospital.Email = request.Email ?? hospital.Email;
        hospital.PhoneNumber = request.PhoneNumber ?? hospital.PhoneNumber;
        hospital.AddressLine1 = request.AddressLine1 ?? hospital.AddressLine1;
        hospital.AddressLine2 = request.AddressLine2.Or(hospital.AddressLine2);
        hospital.City = request.City ?? hospital.City;
        hospital.State = request.State.Or(hospital.State);
        hospital.Country = request.Country ?? hospital.Country;
        hospital.PostalCode = request.PostalCode ?? hospital.PostalCode;
        hospital.HospitalType = request.HospitalType ?? hospital.HospitalType;
        hospital.TimeZone = request.TimeZone ?? hospital.TimeZone;
        hospital.MaxOpenPatientBookings = request.MaxOpenPatientBookings ?? hospital.MaxOpenPatientBookings;
        hospital.IsActive |= request.IsActive is true;

        if (db.ChangeTracker.HasChanges()) hospital.RaiseChanged(db, h => new HospitalUpdated(h));
        await db.SaveChangesAsync(ct);

        var now = hospital.ToContract();
        return new(
            Id: now.Id,
            Name: now.Name,
            Subdomain: now.Subdomain,
            RegistrationNumber: now.RegistrationNumber,
            Email: now.Email,
            PhoneNumber: now.PhoneNumber,
            AddressLine1: now.AddressLine1,
            AddressLine2: now.AddressLine2,
            City: now.City,
            State: now.State,
            Country: now.Country,
            PostalCode: now.PostalCode,
            HospitalType: now.HospitalType,
            TimeZone: now.TimeZone,
            IsActive: now.IsActive,
            Version: now.Version,
            CreatedAt: now.CreatedAt,
            UpdatedAt: now.UpdatedAt,
            MaxOpenPatientBookings: hospital.MaxOpenPatientBookings,
            Affected: paused?.Affected,
            AffectedCount: paused?.Count);
    }

    private static RezonedAppointment ToRezonedAppointment(UpcomingBooking appointment, string zone)
    {
        var local = TimeZoneInfo.ConvertTime(appointment.StartsAt, TimeZoneInfo.FindSystemTimeZoneById(zone)).DateTime;
        return new(
            Id: appointment.Id,
            PatientId: appointment.PatientId,
            DoctorId: appointment.DoctorId,
            StartsAt: appointment.StartsAt,
            AppointmentDate: appointment.AppointmentDate,
            AppointmentTime: appointment.AppointmentTime,
            TimeZone: appointment.TimeZone,
            NewDate: DateOnly.FromDateTime(local),
            NewTime: TimeOnly.FromDateTime(local),
            NewTimeZone: zone);
    }
}
