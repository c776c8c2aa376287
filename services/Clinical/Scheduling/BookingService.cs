using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

/// <summary>Which times are taken, and who gets one that two want.</summary>
internal sealed class BookingService(ClinicalDb db, DoctorAvailabilities doctors, BookingPauses pauses, TimeProvider clock)
{
    private const int MaxAlternatives = 5;
    private const int SearchedDays = 14;

    /// <summary>More than anybody can be booked in <see cref="SearchedDays"/> days, at five minutes each.</summary>
    private const int MaxPerDay = 288;

    /// <summary>More than the two years ahead hold of a doctor who works full days.</summary>
    private const int MaxUpcoming = 20_000;

    /// <summary>
    /// By how many days the day of an appointment may be another one by the hospital's clocks than it says, because those were set to another zone since it was booked: zones lie
    /// up to 26 hours apart.
    /// </summary>
    private const int MaxZoneShiftDays = 2;

    /// <summary>
    /// Those who are to meet, as they are until the transaction ends: a change that names the bookings it concerns has been heard by now, or names this one. Throws <see cref="Conflict"/> while one is being made.
    /// </summary>
    internal async Task<(DoctorAvailability Practice, PersonCopy Patient)> LockAndReadAsync(Guid hospital, Guid doctor, Guid patient, CancellationToken ct)
    {
        await pauses.LockSharedAsync(hospital, doctor, patient, ct);
        await pauses.ThrowIfPausedAsync(hospital, doctor, patient, ct);
        return await doctors.RequireWithPatientAsync(doctor, patient, ct);
    }

    /// <summary>
    /// A booking, not saved yet. Throws <see cref="ValidationFailed"/> naming all that stands against it; a patient who asks for no slot is told the nearest that are free.
    /// </summary>
    internal async Task<Appointment> CreateBookingAsync(DoctorAvailability availability, PersonCopy patient, BookingRequest request, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        try
        {
            return Appointment.Book(availability, patient, request, now);
        }
        catch (ValidationFailed refusal) when (request.IsByPatient && refusal.Details.Select(d => d.Key).All(field => field is "appointment_time" or "duration_minutes"))
        {
            var minutes = request.RescheduledFrom is null ? null : request.DurationMinutes;
            throw refusal.WithDetail("alternatives", await FindAlternativesAsync(availability, patient.Id, request.Date, request.Time, minutes ?? availability.Timetable.SlotMinutes, request.RescheduledFrom, ct));
        }
    }

    /// <summary>
    /// Throws <see cref="Conflict"/> when a patient holds as many open bookings of their own making as their hospital lets them. Until the transaction ends, no other booking of theirs gets past
    /// here, so that of two at once the second counts the first.
    /// </summary>
    internal async Task EnsureWithinPatientLimitAsync(DoctorAvailability availability, PersonCopy patient, CancellationToken ct)
    {
        // A lock of its own, taken before those of book_in_turn and never after: nobody waits in a circle.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"open bookings of {patient.Id}"}, 0))", ct);
        var (now, most) = (clock.GetUtcNow(), availability.Hospital.MaxOpenPatientBookings);
        var open = await db.Appointments.CountAsync(
            a => a.HospitalId == availability.Hospital.HospitalId && a.PatientId == patient.Id && a.BookedBy == patient.Id && a.Status == AppointmentStatus.Scheduled && a.EndsAt > now, ct);
        if (open < most) return;
        throw new Conflict(most == 0
                ? "In this hospital patients do not book for themselves. Ask the hospital for an appointment."
                : $"You hold {open} appointments still to come that you booked yourself, and {most} are allowed at a time. Cancel one, or ask the hospital.")
            .WithDetail("open", open).WithDetail("max_open_patient_bookings", most);
    }

    /// <summary>When a doctor is booked on these days or around them, and a patient too if one is given.</summary>
    internal async Task<List<Interval>> FindBookedIntervalsAsync(DoctorAvailability practice, DateOnly first, DateOnly last, CancellationToken ct, Guid? patientId = null, Guid? except = null)
    {
        // What was booked before these days may reach into them, and what begins on them into the next.
        var (from, until) = (practice.Clock.FirstInstantFrom(first, TimeOnly.MinValue), practice.Clock.FirstInstantFrom(last.AddDays(2), TimeOnly.MinValue));
        // The index is by the day that was agreed.
        var (earliest, latest) = (first.AddDays(-1 - MaxZoneShiftDays), last.AddDays(1 + MaxZoneShiftDays));
        var times = await db.Appointments.AsNoTracking()
            .Where(a => a.HospitalId == practice.Hospital.HospitalId && (a.DoctorId == practice.Doctor.Id || a.PatientId == patientId))
            .Where(a => a.AppointmentDate >= earliest && a.AppointmentDate <= latest && a.EndsAt > from && a.StartsAt < until)
            .Where(a => StatusTransitions.Occupying.Contains(a.Status) && a.Id != except)
            .OrderBy(a => a.AppointmentDate)
            .Select(a => new { a.StartsAt, a.EndsAt })
            .Take((latest.DayNumber - earliest.DayNumber + 1) * MaxPerDay * 2)
            .ToListAsync(ct);
        return times.ConvertAll(t => new Interval(t.StartsAt, t.EndsAt));
    }

    /// <summary>A doctor's future appointments that their timetable does not cover, the next first.</summary>
    internal async Task<List<AppointmentWithNames>> FindUncoveredAsync(DoctorAvailability availability, DateTimeOffset now, CancellationToken ct)
    {
        var today = availability.Today(now).AddDays(-MaxZoneShiftDays);
        var ahead = await db.AppointmentsWithNames.AsNoTracking()
            .Where(v => v.Appointment.HospitalId == availability.Hospital.HospitalId && v.Appointment.DoctorId == availability.Doctor.Id)
            .Where(v => v.Appointment.AppointmentDate >= today && v.Appointment.StartsAt >= now && v.Appointment.Status == AppointmentStatus.Scheduled)
            .OrderBy(v => v.Appointment.StartsAt)
            .Take(MaxUpcoming).ToListAsync(ct);
        ahead.RemoveAll(v => availability.Timetable.Covers(availability.Clock.ToDate(v.Appointment.StartsAt), v.Appointment.Interval, availability.Clock));
        return ahead;
    }

    /// <summary>
    /// Saves a booking. The exclusion constraints decide every race; who loses gets a <see cref="Conflict"/> that says whose time it was
    /// and names the nearest free times.
    /// </summary>
    internal async Task SaveAsync(Appointment booking, DoctorAvailability availability, CancellationToken ct)
    {
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("appointments_of_doctor"))
        {
            throw await CreateSlotTakenConflictAsync("The doctor is already booked then.", booking, availability, ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("appointments_of_patient"))
        {
            throw await CreateSlotTakenConflictAsync("The patient is already booked then, with this doctor or another.", booking, availability, ct);
        }
    }

    private async Task<ApiException> CreateSlotTakenConflictAsync(string message, Appointment booking, DoctorAvailability practice, CancellationToken ct)
    {
        // PostgreSQL answers no more questions in a transaction that has failed.
        await db.Database.CurrentTransaction!.RollbackAsync(ct);

        var nearest = await FindAlternativesAsync(practice, booking.PatientId, booking.AppointmentDate, booking.AppointmentTime, booking.DurationMinutes, booking.RescheduledFrom, ct);
        return new Conflict($"{message} Choose another time; details.alternatives has the nearest free ones.").WithDetail("alternatives", nearest);
    }

    /// <summary>The nearest times at which both are free, of the wished day first.</summary>
    /// <param name="except">An appointment that is to be moved, so takes no time.</param>
    private async Task<Alternative[]> FindAlternativesAsync(DoctorAvailability availability, Guid patientId, DateOnly first, TimeOnly near, int minutes, Guid? except, CancellationToken ct)
    {
        var last = first.AddDays(SearchedDays);
        var taken = await FindBookedIntervalsAsync(availability, first, last, ct, patientId, except);
        var now = clock.GetUtcNow();
        var free = from day in Enumerable.Range(0, SearchedDays + 1)
                   let date = first.AddDays(day)
                   from time in availability.Timetable.FreeTimes(date, minutes, availability.Clock, taken, now)
                       .OrderBy(time => day == 0 ? Math.Abs(time.MinutesFromMidnight() - near.MinutesFromMidnight()) : time.MinutesFromMidnight())
                   select new Alternative(date, time);
        return [.. free.Take(MaxAlternatives)];
    }

    /// <summary>A free time, as a refusal offers it.</summary>
    private sealed record Alternative(DateOnly Date, TimeOnly Time);
}
