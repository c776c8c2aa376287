using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Scheduling;

internal sealed class CreateAppointmentHandler(ClinicalDb db, DoctorAvailabilities doctors, BookingService bookings, BookingPauses pauses)
    : IToolHandler<CreateAppointment, PersonCopy, Contracts.Clinical.Appointment>
{
    /// <summary>Waits for the end of a pause and returns the patient; of one who was merged, the surviving one.</summary>
    public async Task<PersonCopy> PrepareAsync(CreateAppointment request, CancellationToken ct)
    {
        await db.EnsureMayActForAsync(request.PatientId, ct);
        var (_, patient, isPaused) = await doctors.RequireWithPatientAsync(request.DoctorId, request.PatientId, ct);
        if (isPaused) await pauses.WaitUntilEndedAsync(patient.HospitalId, request.DoctorId, request.PatientId, ct);
        return patient;
    }

    public async Task<Contracts.Clinical.Appointment> HandleAsync(CreateAppointment request, PersonCopy prepared, CancellationToken ct)
    {
        var (caller, byPatient) = (db.Tenancy.Caller, db.Tenancy.Caller.Kind == Callers.Patient);
        var bookingRequest = new BookingRequest(
            request.AppointmentDate, request.AppointmentTime, request.Reason, request.Notes, request.DurationMinutes,
            BookedBy: byPatient ? prepared.Id : caller.UserId, IsByPatient: byPatient, RepresentedBy: db.FindActingRepresentative(prepared.Id));

        var (availability, patient) = await bookings.LockAndReadAsync(prepared.HospitalId, request.DoctorId, prepared.Id, ct);
        // Who acts for the patient may have ceased to while the call waited.
        await db.EnsureMayActForAsync(prepared.Id, ct);
        var booking = await bookings.CreateBookingAsync(availability, patient, bookingRequest, ct);
        if (byPatient) await bookings.EnsureWithinPatientLimitAsync(availability, patient, ct);
        var appointment = new AppointmentWithNames { Appointment = booking, Patient = patient, Doctor = availability.Doctor };
        var representatives = await db.FindRepresentativesAsync(booking.HospitalId, booking.PatientId, ct);
        db.Add(booking);
        db.Raise(() => new AppointmentCreated(appointment.ToContract(), representatives));
        await bookings.SaveAsync(booking, availability, ct);
        return appointment.ToContractFor(caller.Kind);
    }
}
