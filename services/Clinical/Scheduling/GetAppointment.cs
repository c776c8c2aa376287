using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;

namespace MedCor.Clinical.Scheduling;

internal sealed class GetAppointmentHandler(AppointmentResource appointments) : IToolHandler<GetAppointment, Contracts.Clinical.Appointment>
{
    public Task<Contracts.Clinical.Appointment> HandleAsync(GetAppointment request, CancellationToken ct) => appointments.GetAsync(request.AppointmentId, ct);
}
