using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Appointments;

internal sealed class ListAppointmentsHandler(ClinicalDb db, VisibleAppointments appointments) : IHandle<ListAppointments, Page<Contracts.Clinical.Appointment>>
{
    public Task<Page<Contracts.Clinical.Appointment>> Handle(ListAppointments asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && asked.PatientId is { } other && other != me) throw new Forbidden("Patients see their own appointments only.");
        if (asked.DateFrom > asked.DateTo) throw new Invalid("date_to", "must not be before date_from");

        return appointments.Page(asked, list => list
            .Where("patient_id", asked.PatientId)
            .Where("doctor_id", asked.DoctorId)
            .Where("status", asked.Status)
            .From("appointment_date", asked.DateFrom)
            .To("appointment_date", asked.DateTo), ct);
    }
}
