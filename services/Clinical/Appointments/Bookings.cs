using MedCor.Clinical.People;
using MedCor.Clinical.Schedules;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Database;
using MedCor.ServiceDefaults.Problems;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Appointments;

/// <summary>Which times are taken, and who gets one that two want.</summary>
internal sealed class Bookings(ClinicalDb db, KnownPeople people, BookingPauses pauses, TimeProvider clock)
{
    private const int Alternatives = 5;
    private const int DaysSearched = 14;

    /// <summary>More than anybody can be booked in <see cref="DaysSearched"/> days, at five minutes each.</summary>
    private const int MostInADay = 288;

    /// <summary>More than the two years ahead hold of a doctor who works full days.</summary>
    private const int MostAhead = 20_000;

    /// <summary>
    /// By how many days the day of an appointment may be another one by the hospital's clocks than it says, because those were set to another zone since it was booked: zones lie
    /// up to 26 hours apart.
    /// </summary>
    private const int DaysBetweenZones = 2;

    /// <summary>
    /// Those who are to meet, as they are until the transaction ends: a change that names the bookings it concerns has been heard by now, or names this one. Throws <see cref="Conflict"/> while one is being made.
    /// </summary>
    internal async Task<(Practice Practice, Person Patient)> Begin(Guid hospital, Guid doctor, Guid patient, CancellationToken ct)
    {
        await pauses.Together(hospital, doctor, patient, ct);
        await pauses.RequireNone(hospital, doctor, patient, ct);
        return await people.DoctorAndPatient(doctor, patient, ct);
    }

    /// <summary>
    /// A booking, not saved yet. Throws <see cref="Invalid"/> naming all that stands against it; a patient who asks for no slot is told the nearest that are free.
    /// </summary>
    internal async Task<Appointment> Book(Practice practice, Person patient, Wish wish, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        try
        {
            return Appointment.Book(practice, patient, wish, now);
        }
        catch (Invalid refusal) when (wish.ByPatient && refusal.Details.Select(d => d.Key).All(field => field is "appointment_time" or "duration_minutes"))
        {
            var minutes = wish.InPlaceOf is null ? null : wish.Minutes;
            throw refusal.With("alternatives", await Nearest(practice, patient.Id, wish.Date, wish.Time, minutes ?? practice.Timetable.SlotMinutes, wish.InPlaceOf, ct));
        }
    }

    /// <summary>
    /// Throws <see cref="Conflict"/> when a patient holds as many open bookings of their own making as their hospital lets them. Until the transaction ends, no other booking of theirs gets past
    /// here, so that of two at once the second counts the first.
    /// </summary>
    internal async Task HaveRoom(Practice practice, Person patient, CancellationToken ct)
    {
        // A lock of its own, taken before those of book_in_turn and never after: nobody waits in a circle.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"open bookings of {patient.Id}"}, 0))", ct);
        var (now, most) = (clock.GetUtcNow(), practice.Hospital.MaxOpenPatientBookings);
        var open = await db.Appointments.CountAsync(
            a => a.HospitalId == practice.Hospital.HospitalId && a.PatientId == patient.Id && a.BookedBy == patient.Id && a.Status == AppointmentStatus.Scheduled && a.EndsAt > now, ct);
        if (open < most) return;
        throw new Conflict(most == 0
                ? "In this hospital patients do not book for themselves. Ask the hospital for an appointment."
                : $"You hold {open} appointments still to come that you booked yourself, and {most} are allowed at a time. Cancel one, or ask the hospital.")
            .With("open", open).With("max_open_patient_bookings", most);
    }

    /// <summary>When a doctor is booked on these days or around them, and a patient too if one is given.</summary>
    internal async Task<List<Interval>> FindBookedIntervals(Practice practice, DateOnly first, DateOnly last, CancellationToken ct, Guid? patientId = null, Guid? except = null)
    {
        // What was booked before these days may reach into them, and what begins on them into the next.
        var (from, until) = (practice.Clock.NotBefore(first, TimeOnly.MinValue), practice.Clock.NotBefore(last.AddDays(2), TimeOnly.MinValue));
        // The index is by the day that was agreed.
        var (earliest, latest) = (first.AddDays(-1 - DaysBetweenZones), last.AddDays(1 + DaysBetweenZones));
        var times = await db.Appointments.AsNoTracking()
            .Where(a => a.HospitalId == practice.Hospital.HospitalId && (a.DoctorId == practice.Doctor.Id || a.PatientId == patientId))
            .Where(a => a.AppointmentDate >= earliest && a.AppointmentDate <= latest && a.EndsAt > from && a.StartsAt < until)
            .Where(a => StatusMoves.TakingTime.Contains(a.Status) && a.Id != except)
            .OrderBy(a => a.AppointmentDate)
            .Select(a => new { a.StartsAt, a.EndsAt })
            .Take((latest.DayNumber - earliest.DayNumber + 1) * MostInADay * 2)
            .ToListAsync(ct);
        return times.ConvertAll(t => new Interval(t.StartsAt, t.EndsAt));
    }

    /// <summary>A doctor's future appointments that their timetable does not cover, the next first.</summary>
    internal async Task<List<Visit>> Outside(Practice practice, DateTimeOffset now, CancellationToken ct)
    {
        var today = practice.Today(now).AddDays(-DaysBetweenZones);
        var ahead = await db.Visits.AsNoTracking()
            .Where(v => v.Appointment.HospitalId == practice.Hospital.HospitalId && v.Appointment.DoctorId == practice.Doctor.Id)
            .Where(v => v.Appointment.AppointmentDate >= today && v.Appointment.StartsAt >= now && v.Appointment.Status == AppointmentStatus.Scheduled)
            .OrderBy(v => v.Appointment.StartsAt)
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
            throw await CreateSlotTakenConflict("The doctor is already booked then.", booking, practice, ct);
        }
        catch (DbUpdateException e) when (e.Violates("appointments_of_patient"))
        {
            throw await CreateSlotTakenConflict("The patient is already booked then, with this doctor or another.", booking, practice, ct);
        }
    }

    private async Task<Refusal> CreateSlotTakenConflict(string message, Appointment booking, Practice practice, CancellationToken ct)
    {
        // PostgreSQL answers no more questions in a transaction that has failed.
        await db.Database.CurrentTransaction!.RollbackAsync(ct);

        var nearest = await Nearest(practice, booking.PatientId, booking.AppointmentDate, booking.AppointmentTime, booking.DurationMinutes, booking.RescheduledFrom, ct);
        return new Conflict($"{message} Choose another time; details.alternatives has the nearest free ones.").With("alternatives", nearest);
    }

    /// <summary>The nearest times at which both are free, of the wished day first.</summary>
    /// <param name="except">An appointment that is to be moved, so takes no time.</param>
    private async Task<Alternative[]> Nearest(Practice practice, Guid patientId, DateOnly first, TimeOnly near, int minutes, Guid? except, CancellationToken ct)
    {
        var last = first.AddDays(DaysSearched);
        var taken = await FindBookedIntervals(practice, first, last, ct, patientId, except);
        var now = clock.GetUtcNow();
        var free = from day in Enumerable.Range(0, DaysSearched + 1)
                   let date = first.AddDays(day)
                   from time in practice.Timetable.FreeTimes(date, minutes, practice.Clock, taken, now)
                       .OrderBy(time => day == 0 ? Math.Abs(time.FromMidnight() - near.FromMidnight()) : time.FromMidnight())
                   select new Alternative(date, time);
        return [.. free.Take(Alternatives)];
    }

    /// <summary>A free time, as a refusal offers it.</summary>
    private sealed record Alternative(DateOnly Date, TimeOnly Time);
}
