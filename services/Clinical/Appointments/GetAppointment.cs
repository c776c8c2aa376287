using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Clinical.Appointments;

internal sealed class GetAppointmentHandler(VisibleAppointments appointments) : IHandle<GetAppointment, Contracts.Clinical.Appointment>
{
    public Task<Contracts.Clinical.Appointment> Handle(GetAppointment asked, CancellationToken ct) => appointments.Get(asked.AppointmentId, ct);
}
