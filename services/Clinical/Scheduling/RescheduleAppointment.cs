using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

internal sealed class RescheduleAppointmentHandler(ClinicalDb db, BookingService bookings, BookingPauses pauses, TimeProvider clock)
    : IToolHandler<RescheduleAppointment, (Guid Hospital, Guid Doctor, Guid Patient), Contracts.Clinical.Appointment>,
        IReplayLimiter<Contracts.Clinical.Appointment>
{
    public Task<Contracts.Clinical.Appointment> LimitAsync(Contracts.Clinical.Appointment result, CancellationToken ct) => db.LimitAsync(result, ct);

    /// <summary>Waits for the end of a pause and returns whom the appointment concerns.</summary>
    public async Task<(Guid Hospital, Guid Doctor, Guid Patient)> PrepareAsync(RescheduleAppointment request, CancellationToken ct)
    {
        var appointment = await db.VisibleAppointments.AsNoTracking().SingleOrDefaultAsync(a => a.Id == request.AppointmentId, ct)
            ?? throw new NotFound("appointment");
        await pauses.WaitUntilEndedAsync(appointment.HospitalId, appointment.DoctorId, appointment.PatientId, ct);
        return (appointment.HospitalId, appointment.DoctorId, appointment.PatientId);
    }

    public async Task<Contracts.Clinical.Appointment> HandleAsync(RescheduleAppointment request,
        (Guid Hospital, Guid Doctor, Guid Patient) prepared, CancellationToken ct)
    {
        var (availability, patient) = await bookings.LockAndReadAsync(prepared.Hospital, prepared.Doctor, prepared.Patient, ct);
        var old = await db.AppointmentsWithNames.SingleOrDefaultAsync(v => v.Appointment.Id == request.AppointmentId, ct) ?? throw new NotFound("appointment");
        // A merge or its undoing has moved it since it was read first.
        if (old.Appointment.PatientId != patient.Id) throw new Conflict("The patient is being merged, or a merge is undone. Retry shortly.") { RetryAfter = 1 };
        old.Appointment.ThrowIfVersionDiffers(request.ExpectedVersion);
        var (now, byPatient) = (clock.GetUtcNow(), db.Tenancy.Caller.Kind == Callers.Patient);
        if (byPatient) old.Appointment.EnsureNotStarted(now);
        if (byPatient && old.Appointment.BookedBy is null && old.Appointment.DurationMinutes > availability.Timetable.SlotMinutes)
            throw new Conflict("The appointment is longer than one slot and only your hospital can reschedule it. Ask your hospital to move it.")
                .WithDetail("duration_minutes", old.Appointment.DurationMinutes).WithDetail("slot_minutes", availability.Timetable.SlotMinutes);
        var representative = db.FindActingRepresentative(old.Appointment.PatientId);
        // An appointment that the patient booked takes one slot of the current length; a duration that staff chose is kept.
        int? minutes = byPatient && old.Appointment.IsSelfBooked ? null : old.Appointment.DurationMinutes;
        var bookingRequest = new BookingRequest(
            request.AppointmentDate, request.AppointmentTime, old.Appointment.Reason, old.Appointment.Notes, minutes, RescheduledFrom: old.Appointment.Id,
            old.Appointment.BookedBy, byPatient, await FindMoverAsync(prepared.Patient, ct), representative ?? old.Appointment.RepresentedBy);

        var booking = await bookings.CreateBookingAsync(availability, patient, bookingRequest, ct);
        if (booking.StartsAt == old.Appointment.StartsAt) throw new ValidationFailed("appointment_time", "is the current time of the appointment");
        // The new appointment takes over the texts of the old one.
        var rescheduled = new AppointmentWithNames
        {
            Appointment = booking, Patient = patient, Doctor = availability.Doctor, HasContent = old.HasContent,
        };

        var representatives = await db.FindRepresentativesAsync(booking.HospitalId, booking.PatientId, ct);

        // The old time is released before the new one is booked, since the two may overlap.
        old.Appointment.RescheduleTo(booking, request.Reason, now);
        old.Appointment.RecordRepresentative(representative);
        db.Raise(() => new AppointmentUpdated(old.ToContract(), representatives));
        await db.SaveChangesAsync(ct);

        db.Add(booking);
        db.Raise(() => new AppointmentCreated(rescheduled.ToContract(), representatives));
        await bookings.SaveAsync(booking, availability, ct);
        return rescheduled.ToContractFor(db.Tenancy.Caller.Kind);
    }

    /// <summary>
    /// Returns the caller if it is a doctor or nurse who does not have the patient in their care by a visit, and who gets no relation by moving one; otherwise
    /// null.
    /// </summary>
    private async Task<Guid?> FindMoverAsync(Guid patient, CancellationToken ct)
    {
        if (db.Tenancy.Caller is not { Kind: Callers.Doctor or Callers.Nurse, UserId: var me }) return null;
        return await db.CareRelations.AnyAsync(
            c => c.UserId == me && c.PatientId == patient && (c.Basis == CareBasis.Visit || c.Basis == CareBasis.Shift), ct) ? null : me;
    }
}
