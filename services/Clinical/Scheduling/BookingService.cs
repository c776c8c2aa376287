using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

/// <summary>Determines which times are booked, and creates and saves bookings. Of two concurrent bookings of the same time, one succeeds.</summary>
internal sealed class BookingService(ClinicalDb db, DoctorAvailabilities doctors, BookingPauses pauses, TimeProvider clock)
{
    private const int MaxAlternatives = 5;
    private const int SearchedDays = 14;

    /// <summary>An upper bound of the appointments that a person has in one day, at five minutes each.</summary>
    private const int MaxPerDay = 288;

    /// <summary>An upper bound of the appointments that a doctor who works full days has in the two years that can be booked.</summary>
    private const int MaxUpcoming = 20_000;

    /// <summary>
    /// The number of days by which an appointment's agreed date may differ from its date on the hospital's clocks when the hospital's time zone was changed
    /// after the booking: zones are up to 26 hours apart.
    /// </summary>
    private const int MaxZoneShiftDays = 2;

    /// <summary>
    /// Locks a booking's doctor, patient and hospital, and returns doctor and patient as they are until the transaction ends. A change that must list the
    /// affected bookings has been handled by now, or lists this one. Throws <see cref="Conflict"/> while such a change is in progress.
    /// </summary>
    internal async Task<(DoctorAvailability Availability, PersonCopy Patient)> LockAndReadAsync(Guid hospital, Guid doctor, Guid patient, CancellationToken ct)
    {
        pauses.LockSharedWithNext(hospital, doctor, patient);
        var (availability, person, isPaused) = await doctors.RequireWithPatientAsync(doctor, patient, ct);
        if (isPaused) throw new Conflict("The doctor, the patient or the hospital is being changed. Retry shortly.") { RetryAfter = 1 };
        return (availability, person);
    }

    /// <summary>
    /// Creates a booking without saving it. Throws <see cref="ValidationFailed"/> naming every reason against it; if only a patient's time or duration is
    /// wrong, the error includes the nearest free times.
    /// </summary>
    internal async Task<Appointment> CreateBookingAsync(DoctorAvailability availability, PersonCopy patient, BookingRequest request, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        try
        {
            return Appointment.Book(availability, patient, request, now);
        }
        catch (ValidationFailed failure) when (request.IsByPatient
            && failure.Details.Select(d => d.Key).All(field => field is "appointment_time" or "duration_minutes"))
        {
            var minutes = request.RescheduledFrom is null ? null : request.DurationMinutes;
            throw failure.WithDetail("alternatives", await FindAlternativesAsync(availability, patient.Id, request.Date, request.Time,
                minutes ?? availability.Timetable.SlotMinutes, request.RescheduledFrom, ct));
        }
    }

    /// <summary>
    /// Throws <see cref="Conflict"/> when a patient holds as many open self-booked appointments as the hospital allows. Until the transaction ends, no other
    /// booking of the patient passes this check, so that the second of two concurrent bookings counts the first.
    /// </summary>
    internal async Task EnsureWithinPatientLimitAsync(DoctorAvailability availability, PersonCopy patient, CancellationToken ct)
    {
        // A separate lock, taken before those of the trigger book_in_turn and never after them, so that no deadlock can occur.
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"open bookings of {patient.Id}"}, 0))", ct);
        var (now, limit) = (clock.GetUtcNow(), availability.Hospital.MaxOpenPatientBookings);
        var open = await db.Appointments.CountAsync(
            a => a.HospitalId == availability.Hospital.HospitalId && a.PatientId == patient.Id && a.BookedBy == patient.Id
                && a.Status == AppointmentStatus.Scheduled && a.EndsAt > now, ct);
        if (open < limit) return;
        throw new Conflict(limit == 0
                ? "This hospital does not allow patients to book appointments themselves. Ask the hospital for an appointment."
                : $"You have {open} upcoming appointments that you booked yourself; at most {limit} are allowed. Cancel one, or ask the hospital.")
            .WithDetail("open", open).WithDetail("max_open_patient_bookings", limit);
    }

    /// <summary>Returns the booked times of a doctor on and around the given days and, if a patient is given, those of the patient.</summary>
    internal async Task<List<Interval>> FindBookedIntervalsAsync(DoctorAvailability availability, DateOnly first, DateOnly last, CancellationToken ct,
        Guid? patientId = null, Guid? excludedId = null)
    {
        // An appointment of the day before may extend into the first day, and one that begins on the last day into the next.
        var (from, until) = (availability.Clock.FirstInstantFrom(first, TimeOnly.MinValue),
            availability.Clock.FirstInstantFrom(last.AddDays(2), TimeOnly.MinValue));
        // The index is by the agreed date, so the range is widened by the largest zone shift.
        var (earliest, latest) = (first.AddDays(-1 - MaxZoneShiftDays), last.AddDays(1 + MaxZoneShiftDays));
        var times = await db.Appointments.AsNoTracking()
            .Where(a => a.HospitalId == availability.Hospital.HospitalId && (a.DoctorId == availability.Doctor.Id || a.PatientId == patientId))
            .Where(a => a.AppointmentDate >= earliest && a.AppointmentDate <= latest && a.EndsAt > from && a.StartsAt < until)
            .Where(a => StatusTransitions.Occupying.Contains(a.Status) && a.Id != excludedId)
            .OrderBy(a => a.AppointmentDate)
            .Select(a => new { a.StartsAt, a.EndsAt })
            .Take((latest.DayNumber - earliest.DayNumber + 1) * MaxPerDay * 2)
            .ToListAsync(ct);
        return times.ConvertAll(t => new Interval(t.StartsAt, t.EndsAt));
    }

    /// <summary>Returns a doctor's future appointments that the timetable does not cover, the earliest first.</summary>
    internal async Task<List<AppointmentWithNames>> FindUncoveredAsync(DoctorAvailability availability, DateTimeOffset now, CancellationToken ct)
    {
        var today = availability.Today(now).AddDays(-MaxZoneShiftDays);
        var upcoming = await db.WithNames(db.VisibleAppointments).AsNoTracking()
            .Where(v => v.Appointment.HospitalId == availability.Hospital.HospitalId && v.Appointment.DoctorId == availability.Doctor.Id)
            .Where(v => v.Appointment.AppointmentDate >= today && v.Appointment.StartsAt >= now && v.Appointment.Status == AppointmentStatus.Scheduled)
            .OrderBy(v => v.Appointment.StartsAt)
            .Take(MaxUpcoming).ToListAsync(ct);
        upcoming.RemoveAll(v => availability.Timetable.Covers(availability.Clock.ToDate(v.Appointment.StartsAt), v.Appointment.Interval, availability.Clock));
        return upcoming;
    }

    /// <summary>
    /// Saves a booking. The exclusion constraints decide between concurrent bookings; the one that fails gets a <see cref="Conflict"/> that says whether the
    /// doctor or the patient is booked and names the nearest free times.
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

    private async Task<ApiException> CreateSlotTakenConflictAsync(string message, Appointment booking, DoctorAvailability availability, CancellationToken ct)
    {
        // PostgreSQL accepts no further statements in a transaction that has failed.
        await db.Database.CurrentTransaction!.RollbackAsync(ct);

        var nearest = await FindAlternativesAsync(availability, booking.PatientId, booking.AppointmentDate, booking.AppointmentTime, booking.DurationMinutes,
            booking.RescheduledFrom, ct);
        return new Conflict($"{message} Choose another time; details.alternatives has the nearest free ones.").WithDetail("alternatives", nearest);
    }

    /// <summary>Returns the nearest times at which doctor and patient are both free, those of the requested day first.</summary>
    /// <param name="excludedId">An appointment that is to be moved and therefore occupies no time.</param>
    private async Task<Alternative[]> FindAlternativesAsync(DoctorAvailability availability, Guid patientId, DateOnly first, TimeOnly preferredTime,
        int minutes, Guid? excludedId, CancellationToken ct)
    {
        var last = first.AddDays(SearchedDays);
        var booked = await FindBookedIntervalsAsync(availability, first, last, ct, patientId, excludedId);
        var now = clock.GetUtcNow();
        var free = from day in Enumerable.Range(0, SearchedDays + 1)
                   let date = first.AddDays(day)
                   from time in availability.Timetable.FreeTimes(date, minutes, availability.Clock, booked, now)
                       .OrderBy(time => day == 0 ? Math.Abs(time.MinutesFromMidnight() - preferredTime.MinutesFromMidnight()) : time.MinutesFromMidnight())
                   select new Alternative(date, time);
        return [.. free.Take(MaxAlternatives)];
    }

    /// <summary>Represents a free time that an error response offers.</summary>
    private sealed record Alternative(DateOnly Date, TimeOnly Time);
}
