using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

internal sealed class RateAppointmentHandler(ClinicalDb db) : IToolHandler<RateAppointment, Contracts.Clinical.Appointment>
{
    public async Task<Contracts.Clinical.Appointment> HandleAsync(RateAppointment request, CancellationToken ct)
    {
        var visit = await db.AppointmentsWithNames.SingleOrDefaultAsync(v => v.Appointment.Id == request.AppointmentId, ct) ?? throw new NotFound("appointment");
        visit.Appointment.ThrowIfVersionDiffers(request.ExpectedVersion);
        visit.Appointment.Rate(request.Rating, request.Comment);

        if (db.ChangeTracker.HasChanges()) db.Raise(() => new AppointmentUpdated(visit.ToContract()));
        await db.SaveChangesAsync(ct);
        return visit.ToContract();
    }
}
