using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Appointments;

internal sealed class GetAppointmentHandler(AppointmentResource appointments) : IToolHandler<GetAppointment, Contracts.Clinical.Appointment>
{
    public Task<Contracts.Clinical.Appointment> Handle(GetAppointment request, CancellationToken ct) => appointments.Get(request.AppointmentId, ct);
}
