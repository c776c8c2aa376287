using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Appointments;

internal sealed class CreateAppointmentHandler(ClinicalDb db, KnownPeople people, Bookings bookings, BookingPauses pauses)
    : IHandle<CreateAppointment, Contracts.Clinical.Appointment>, IPrepare<CreateAppointment>
{
    private Guid hospital;

    public async Task Prepare(CreateAppointment asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && me != asked.PatientId) throw new Forbidden("Patients book for themselves only.");
        hospital = (await people.DoctorAndPatient(asked.DoctorId, asked.PatientId, ct)).Patient.HospitalId;
        await pauses.WaitFor(hospital, asked.DoctorId, asked.PatientId, ct);
    }

    public async Task<Contracts.Clinical.Appointment> Handle(CreateAppointment asked, CancellationToken ct)
    {
        var (caller, byPatient) = (db.Tenancy.Caller, db.Tenancy.Caller.Kind == Callers.Patient);
        var wish = new Wish(
            asked.AppointmentDate, asked.AppointmentTime, asked.Reason, asked.Notes, asked.DurationMinutes, BookedBy: caller.UserId, ByPatient: byPatient);

        var (practice, patient) = await bookings.Begin(hospital, asked.DoctorId, asked.PatientId, ct);
        var booking = await bookings.Book(practice, patient, wish, ct);
        if (byPatient) await bookings.HaveRoom(practice, patient, ct);
        var visit = new Visit { Appointment = booking, Patient = patient, Doctor = practice.Doctor };
        db.Add(booking);
        db.Raise(() => new AppointmentCreated(visit.ToContract()));
        await bookings.Save(booking, practice, ct);
        return visit.ToContract();
    }
}
