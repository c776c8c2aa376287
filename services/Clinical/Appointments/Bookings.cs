using MedCor.Clinical.People;
using MedCor.Clinical.Schedules;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Appointments;

/// <summary>Which times are taken, and who gets one that two want.</summary>
internal sealed class Bookings(ClinicalDb db, TimeProvider clock)
{
    private const int Alternatives = 5;
    private const int DaysSearched = 14;

    /// <summary>More than anybody can be booked in <see cref="DaysSearched"/> days, at five minutes each.</summary>
    private const int MostInADay = 288;

    /// <summary>More than the two years ahead hold of a doctor who works full days.</summary>
    private const int MostAhead = 20_000;

    /// <summary>When a doctor is booked on these days or around them, and a patient too if one is given.</summary>
    internal async Task<List<Interval>> Taken(Practice practice, DateOnly first, DateOnly last, CancellationToken ct, Guid? patientId = null, Guid? except = null)
    {
        // Appointments of the days before and after may reach into these.
        var (from, to) = (first.AddDays(-1), last.AddDays(1));
        var times = await db.Appointments.AsNoTracking()
            .Where(a => a.HospitalId == practice.Hospital.HospitalId && (a.DoctorId == practice.Doctor.Id || a.PatientId == patientId))
            .Where(a => a.AppointmentDate >= from && a.AppointmentDate <= to && StatusMoves.TakingTime.Contains(a.Status) && a.Id != except)
            .OrderBy(a => a.AppointmentDate)
            .Select(a => new { a.StartsAt, a.EndsAt })
            .Take((to.DayNumber - from.DayNumber + 1) * MostInADay * 2)
            .ToListAsync(ct);
        return times.ConvertAll(t => new Interval(t.StartsAt, t.EndsAt));
    }

    /// <summary>A doctor's future appointments that their timetable does not cover, the next first.</summary>
    internal async Task<List<Visit>> Outside(Practice practice, DateTimeOffset now, CancellationToken ct)
    {
        var today = practice.Today(now);
        var ahead = await db.Visits.AsNoTracking()
            .Where(v => v.Appointment.HospitalId == practice.Hospital.HospitalId && v.Appointment.DoctorId == practice.Doctor.Id)
            .Where(v => v.Appointment.AppointmentDate >= today && v.Appointment.StartsAt >= now && v.Appointment.Status == AppointmentStatus.Scheduled)
            .OrderBy(v => v.Appointment.AppointmentDate).ThenBy(v => v.Appointment.AppointmentTime)
            .Take(MostAhead).ToListAsync(ct);
        ahead.RemoveAll(v => practice.Timetable.Holds(practice.Clock.Date(v.Appointment.StartsAt), v.Appointment.Time, practice.Clock));
        return ahead;
    }

    /// <summary>
    /// Saves a booking. The exclusion constraints decide every race; who loses gets a <see cref="Conflict"/> that says whose time it was
    /// and names the nearest free times.
    /// </summary>
    internal async Task Save(Appointment booking, Practice practice, CancellationToken ct)
    {
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.Violates("appointments_of_doctor"))
        {
            throw await Taken("The doctor is already booked then.", booking, practice, ct);
        }
        catch (DbUpdateException e) when (e.Violates("appointments_of_patient"))
        {
            throw await Taken("The patient is already booked then, with this doctor or another.", booking, practice, ct);
        }
    }

    private async Task<Refusal> Taken(string message, Appointment booking, Practice practice, CancellationToken ct)
    {
        // PostgreSQL answers no more questions in a transaction that has failed.
        await db.Database.CurrentTransaction!.RollbackAsync(ct);

        var (first, last) = (booking.AppointmentDate, booking.AppointmentDate.AddDays(DaysSearched));
        var taken = await Taken(practice, first, last, ct, booking.PatientId, except: booking.RescheduledFrom);
        var now = clock.GetUtcNow();
        var free = from day in Enumerable.Range(0, DaysSearched + 1)
                   let date = first.AddDays(day)
                   from time in practice.Timetable.FreeTimes(date, booking.DurationMinutes, practice.Clock, taken, now)
                       .OrderBy(time => day == 0 ? Math.Abs(time.FromMidnight() - booking.AppointmentTime.FromMidnight()) : time.FromMidnight())
                   select new Alternative(date, time);
        return new Conflict($"{message} Choose another time; details.alternatives has the nearest free ones.")
            .With("alternatives", free.Take(Alternatives).ToArray());
    }

    /// <summary>A free time, as a refusal offers it.</summary>
    private sealed record Alternative(DateOnly Date, TimeOnly Time);
}
