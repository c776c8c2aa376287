using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Appointments;

internal sealed class RateAppointmentHandler(ClinicalDb db) : IHandle<RateAppointment, Contracts.Clinical.Appointment>
{
    public async Task<Contracts.Clinical.Appointment> Handle(RateAppointment asked, CancellationToken ct)
    {
        var visit = await db.Visits.SingleOrDefaultAsync(v => v.Appointment.Id == asked.AppointmentId, ct) ?? throw new Missing("appointment");
        visit.Appointment.Expect(asked.ExpectedVersion);
        visit.Appointment.Rate(asked.Rating, asked.Comment);

        db.Raise(() => new AppointmentUpdated(visit.ToContract()));
        await db.SaveChangesAsync(ct);
        return visit.ToContract();
    }
}
