using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using MedCor.Validation;

namespace MedCor.Clinical.Scheduling;

internal sealed class ListAppointmentsHandler(AppointmentResource appointments)
    : IToolHandler<ListAppointments, Page<Contracts.Clinical.Appointment>>, IParameterValidator<ListAppointments>
{
    public Task AddErrorsAsync(ListAppointments request, ParameterErrors errors, CancellationToken ct)
    {
        errors.AddDateRange(request.DateFrom, request.DateTo);
        return Task.CompletedTask;
    }

    public Task<Page<Contracts.Clinical.Appointment>> HandleAsync(ListAppointments request, CancellationToken ct) =>
        appointments.ReadPageAsync(request, list => list
            .Where("patient_id", request.PatientId)
            .Where("doctor_id", request.DoctorId)
            .Where("status", request.Status)
            .From("appointment_date", request.DateFrom)
            .To("appointment_date", request.DateTo), ct);
}
