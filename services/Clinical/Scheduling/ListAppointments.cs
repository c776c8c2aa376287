using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Scheduling;

internal sealed class ListAppointmentsHandler(ClinicalDb db, AppointmentResource appointments) : IToolHandler<ListAppointments, Page<Contracts.Clinical.Appointment>>
{
    public Task<Page<Contracts.Clinical.Appointment>> HandleAsync(ListAppointments request, CancellationToken ct)
    {
        if (db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var me } && request.PatientId is { } other && other != me) throw new Forbidden("Patients see their own appointments only.");
        if (request.DateFrom > request.DateTo) throw new ValidationFailed("date_to", "must not be before date_from");

        return appointments.ReadPageAsync(request, list => list
            .Where("patient_id", request.PatientId)
            .Where("doctor_id", request.DoctorId)
            .Where("status", request.Status)
            .From("appointment_date", request.DateFrom)
            .To("appointment_date", request.DateTo), ct);
    }
}
