using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Clinical.Scheduling;

internal sealed class ListAppointmentsHandler(AppointmentResource appointments, PersonCopies people)
    : IToolHandler<ListAppointments, Page<Contracts.Clinical.Appointment>>, IParameterValidator<ListAppointments>
{
    public Task AddErrorsAsync(ListAppointments request, ParameterErrors errors, CancellationToken ct)
    {
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public Task<Page<Contracts.Clinical.Appointment>> HandleAsync(ListAppointments request, CancellationToken ct) =>
        people.ListAsync(request.PatientId, patientId => appointments.ReadPageAsync(request, list => list
            .Where("patient_id", patientId)
            .Where("doctor_id", request.DoctorId)
            .Where("status", request.Status)
            .From("appointment_date", request.DateFrom)
            .To("appointment_date", request.DateTo), ct), ct);
}
