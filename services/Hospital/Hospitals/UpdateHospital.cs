using MedCor.Contracts.Clinical;
using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class UpdateHospitalHandler(HospitalDb db, VisibleHospitals hospitals, OtherServices others) : IHandle<UpdateHospital, UpdatedHospital>, IPrepare<UpdateHospital>, IAmend<UpdateHospital>
{
    private IReadOnlyList<RezonedAppointment>? affected;
    private long? affectedCount;
    private long? pausedAt;

    public async Task<object> Shown(UpdateHospital asked, CancellationToken ct) => await hospitals.Get(asked.HospitalId, ct);

    /// <summary>Clinical is asked first, and books nothing until it hears of the new zone: while it cannot tell whose appointments that concerns, no zone is changed.</summary>
    public async Task Prepare(UpdateHospital asked, CancellationToken ct)
    {
        if (asked.TimeZone is not { } zone) return;
        var hospital = await db.Hospitals.AsNoTracking().SingleOrDefaultAsync(h => h.Id == asked.HospitalId, ct) ?? throw new Missing("hospital");
        // An older name of the same zone moves no clock.
        if (zone == (TimeZoneNames.Canonical(hospital.TimeZone) ?? hospital.TimeZone)) return;

        // What is refused pauses nobody's bookings.
        hospital.Expect(asked.ExpectedVersion);
        var ahead = await others.Post<BookingsAhead>("clinical", PauseBookings.Path, new PauseBookings(hospital.Id, UserId: null, hospital.Version), ct);
        pausedAt = hospital.Version;
        affected = [.. ahead.Results.Select(a => Rezoned(a, zone))];
        affectedCount = ahead.Total;
    }

    public async Task<UpdatedHospital> Handle(UpdateHospital asked, CancellationToken ct)
    {
        var hospital = await db.Hospitals.SingleOrDefaultAsync(h => h.Id == asked.HospitalId, ct) ?? throw new Missing("hospital");
        hospital.Expect(asked.ExpectedVersion);
        // What changed it may have ended the pause.
        if (pausedAt is { } version && version != hospital.Version) throw new Conflict("The hospital was changed by somebody else at the same moment. Read it again, then repeat.") { RetryAfter = 1 };

        hospital.Name = asked.Name ?? hospital.Name;
        hospital.Email = asked.Email ?? hospital.Email;
        hospital.PhoneNumber = asked.PhoneNumber ?? hospital.PhoneNumber;
        hospital.AddressLine1 = asked.AddressLine1 ?? hospital.AddressLine1;
        hospital.AddressLine2 = asked.AddressLine2.Or(hospital.AddressLine2);
        hospital.City = asked.City ?? hospital.City;
        hospital.State = asked.State.Or(hospital.State);
        hospital.Country = asked.Country ?? hospital.Country;
        hospital.PostalCode = asked.PostalCode ?? hospital.PostalCode;
        hospital.HospitalType = asked.HospitalType ?? hospital.HospitalType;
        hospital.TimeZone = asked.TimeZone ?? hospital.TimeZone;
        hospital.MaxOpenPatientBookings = asked.MaxOpenPatientBookings ?? hospital.MaxOpenPatientBookings;

        db.Raise(() => new HospitalUpdated(hospital.ToContract()));
        await db.SaveChangesAsync(ct);

        var now = hospital.ToContract();
        return new(
            now.Id, now.Name, now.Subdomain, now.RegistrationNumber, now.Email, now.PhoneNumber, now.AddressLine1, now.AddressLine2, now.City, now.State, now.Country, now.PostalCode,
            now.HospitalType, now.TimeZone, now.IsActive, now.Version, now.CreatedAt, now.UpdatedAt, hospital.MaxOpenPatientBookings, affected, affectedCount);
    }

    private static RezonedAppointment Rezoned(BookingAhead appointment, string zone)
    {
        var shown = TimeZoneInfo.ConvertTime(appointment.StartsAt, TimeZoneInfo.FindSystemTimeZoneById(zone)).DateTime;
        return new(
            appointment.Id, appointment.PatientId, appointment.DoctorId, appointment.StartsAt, appointment.AppointmentDate, appointment.AppointmentTime, appointment.TimeZone,
            DateOnly.FromDateTime(shown), TimeOnly.FromDateTime(shown), zone);
    }
}
