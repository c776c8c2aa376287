using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Appointments;

internal sealed class RescheduleAppointmentHandler(ClinicalDb db, Bookings bookings, BookingPauses pauses, TimeProvider clock)
    : IHandle<RescheduleAppointment, Contracts.Clinical.Appointment>, IPrepare<RescheduleAppointment>
{
    private Guid hospital, doctor, patient;

    public async Task Prepare(RescheduleAppointment asked, CancellationToken ct)
    {
        var appointment = await db.SeenAppointments.AsNoTracking().SingleOrDefaultAsync(a => a.Id == asked.AppointmentId, ct) ?? throw new Missing("appointment");
        (hospital, doctor, patient) = (appointment.HospitalId, appointment.DoctorId, appointment.PatientId);
        await pauses.WaitFor(hospital, doctor, patient, ct);
    }

    public async Task<Contracts.Clinical.Appointment> Handle(RescheduleAppointment asked, CancellationToken ct)
    {
        var (practice, patient) = await bookings.Begin(hospital, doctor, this.patient, ct);
        var old = await db.Visits.SingleOrDefaultAsync(v => v.Appointment.Id == asked.AppointmentId, ct) ?? throw new Missing("appointment");
        old.Appointment.Expect(asked.ExpectedVersion);
        var (now, byPatient) = (clock.GetUtcNow(), db.Tenancy.Caller.Kind == Callers.Patient);
        if (byPatient) old.Appointment.MustLieAhead(now);
        if (byPatient && old.Appointment.BookedBy is null && old.Appointment.DurationMinutes > practice.Timetable.SlotMinutes)
            throw new Conflict("The appointment is longer than one slot, and it is not known whether your hospital chose that. Ask your hospital to move it.")
                .With("duration_minutes", old.Appointment.DurationMinutes).With("slot_minutes", practice.Timetable.SlotMinutes);
        // What a patient booked is one slot, however long a slot is by now; a length that staff chose stays.
        int? minutes = byPatient && old.Appointment.IsOfPatientsOwnMaking ? null : old.Appointment.DurationMinutes;
        var wish = new Wish(
            asked.AppointmentDate, asked.AppointmentTime, old.Appointment.Reason, old.Appointment.Notes, minutes, InPlaceOf: old.Appointment.Id, old.Appointment.BookedBy, byPatient);

        var booking = await bookings.Book(practice, patient, wish, ct);
        if (booking.StartsAt == old.Appointment.StartsAt) throw new Invalid("appointment_time", "is when the appointment is already");
        var visit = new Visit { Appointment = booking, Patient = patient, Doctor = practice.Doctor };

        // The old time is freed before the new one is taken: the two may overlap.
        old.Appointment.RescheduleTo(booking, asked.Reason, now);
        db.Raise(() => new AppointmentUpdated(old.ToContract()));
        await db.SaveChangesAsync(ct);

        db.Add(booking);
        db.Raise(() => new AppointmentCreated(visit.ToContract()));
        await bookings.Save(booking, practice, ct);
        return visit.ToContract();
    }
}
