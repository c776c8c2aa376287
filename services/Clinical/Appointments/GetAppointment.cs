using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Appointments;

internal sealed class GetAppointmentHandler(ClinicalDb db) : IHandle<GetAppointment, Contracts.Clinical.Appointment>
{
    public async Task<Contracts.Clinical.Appointment> Handle(GetAppointment asked, CancellationToken ct) =>
        (await db.Visits.AsNoTracking().SingleOrDefaultAsync(v => v.Appointment.Id == asked.AppointmentId, ct) ?? throw new Missing("appointment")).ToContract();
}
