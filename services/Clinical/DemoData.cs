using MedCor.Clinical.Scheduling;
using MedCor.Contracts.Clinical;
using MedCor.DemoData;
using MedCor.Platform.DemoData;
using MedCor.Platform.LocalCopies;
using Microsoft.EntityFrameworkCore;
using Appointment = MedCor.Clinical.Scheduling.Appointment;
using PersonCopy = MedCor.Clinical.People.PersonCopy;

namespace MedCor.Clinical;

/// <summary>Seeds the schedules of the demo doctors, their appointments of the last weeks and a few in the coming two; most times stay free.</summary>
internal sealed class DemoData(ClinicalDb db, TimeProvider clock) : IDemoDataSeeder
{
    /// <summary>The appointments of each doctor: the day in working days from today, the resulting status and the rating.</summary>
    private static readonly (int Day, AppointmentStatus Became, int? Rating)[] Days =
    [
        (-18, AppointmentStatus.Completed, 5), (-14, AppointmentStatus.Completed, 4), (-11, AppointmentStatus.NoShow, null),
        (-8, AppointmentStatus.Completed, 5), (-5, AppointmentStatus.Cancelled, null), (-2, AppointmentStatus.Completed, 3),
        (1, AppointmentStatus.Scheduled, null), (3, AppointmentStatus.Scheduled, null), (6, AppointmentStatus.Scheduled, null),
        (9, AppointmentStatus.Scheduled, null),
    ];

    private static readonly string[] Reasons =
        ["Regular checkup", "Blood pressure", "Back pain", "Follow-up", "Vaccination", "Headaches", "Skin rash", "Test results",
            "Shortness of breath", "Knee pain"];

    public async Task SeedAsync(CancellationToken ct)
    {
        if (await db.Hospitals.AnyAsync(ct)) return;

        foreach (var demo in DemoTenants.Hospitals) await SeedAsync(demo, ct);
    }

    private async Task SeedAsync(DemoHospital demo, CancellationToken ct)
    {
        // Version 0 lets the events of the owning services fill in the remaining fields.
        var hospital = new HospitalCopy { HospitalId = demo.Id, Name = demo.Name, TimeZone = demo.TimeZone, IsActive = true, Version = 0 };
        var people = demo.People.ToDictionary(p => p.Id, p => new PersonCopy
        {
            HospitalId = demo.Id,
            Id = p.Id,
            Role = p.Role,
            FirstName = p.FirstName,
            LastName = p.LastName,
            IsActive = true,
            Version = 0,
        });
        db.Add(hospital);
        db.AddRange(people.Values);

        var bookings = new List<(AppointmentWithNames Visit, AppointmentStatus Became, int? Rating, DateTimeOffset BookedAt)>();
        foreach (var (doctor, _) in demo.Doctors)
        {
            var availability = new DoctorAvailability(people[doctor.Id], hospital,
                new Schedule { HospitalId = demo.Id, DoctorId = doctor.Id, Timetable = Timetable.Default, ValidFrom = hospital.Today(clock.GetUtcNow()) });
            db.Add(availability.Schedule!);
            db.Raise(() => new DoctorScheduleSet(availability.ToContract(), availability.Schedule!.ValidFrom));
            bookings.AddRange(Plan(availability, [.. demo.Patients.Select(p => people[p.Id])], bookings.Count));
        }

        foreach (var (visit, _, _, bookedAt) in bookings)
        {
            db.Add(visit.Appointment);
            db.Raise(() => new AppointmentCreated(visit.ToContract() with { CreatedAt = bookedAt }));
        }
        await db.SaveChangesAsync(ct);

        var now = clock.GetUtcNow();
        foreach (var (visit, became, rating, bookedAt) in bookings.Where(v => v.Became != AppointmentStatus.Scheduled))
        {
            if (became == AppointmentStatus.Completed) visit.Appointment.ChangeStatus(AppointmentStatus.InProgress, null, now);
            visit.Appointment.ChangeStatus(became, became == AppointmentStatus.Cancelled ? "The patient called in." : null, now);
            if (rating is { } stars) visit.Appointment.Rate(stars, default);
            db.Raise(() => new AppointmentUpdated(visit.ToContract() with { CreatedAt = bookedAt }));
        }
        await db.SaveChangesAsync(ct);

        // Saving sets CreatedAt to the current time; the demo bookings were made earlier.
        foreach (var (visit, _, _, bookedAt) in bookings)
            await db.Appointments.Where(a => a.Id == visit.Appointment.Id).ExecuteUpdateAsync(a => a.SetProperty(x => x.CreatedAt, bookedAt), ct);
    }

    private IEnumerable<(AppointmentWithNames Visit, AppointmentStatus Became, int? Rating, DateTimeOffset BookedAt)> Plan(DoctorAvailability availability,
        PersonCopy[] patients, int before)
    {
        var now = clock.GetUtcNow();
        for (var i = 0; i < Days.Length; i++)
        {
            var (day, became, rating) = Days[i];
            var date = WorkingDay(availability.Today(now), day);
            var time = new TimeOnly(9, 0).AddMinutes(30 * ((i * 5 + before) % 16));
            var bookedAt = now.AddDays(Math.Min(day, 0) * 2 - 4);
            // In each entry of Days, every doctor has a different patient.
            var patient = patients[(before + i) % patients.Length];
            var appointment = Appointment.Book(availability, patient, new BookingRequest(date, time, Reasons[i]), bookedAt);
            yield return (new AppointmentWithNames { Appointment = appointment, Patient = patient, Doctor = availability.Doctor }, became, rating, bookedAt);
        }
    }

    private static DateOnly WorkingDay(DateOnly today, int offset)
    {
        var date = today;
        for (var remaining = Math.Abs(offset); remaining > 0;)
        {
            date = date.AddDays(Math.Sign(offset));
            if (date.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday)) remaining--;
        }
        return date;
    }
}
