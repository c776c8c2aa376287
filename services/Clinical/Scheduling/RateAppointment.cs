using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

internal sealed class RateAppointmentHandler(ClinicalDb db) : IToolHandler<RateAppointment, Contracts.Clinical.Appointment>
{
    public async Task<Contracts.Clinical.Appointment> HandleAsync(RateAppointment request, CancellationToken ct)
    {
        var appointment = await db.AppointmentsWithNames.SingleOrDefaultAsync(v => v.Appointment.Id == request.AppointmentId, ct)
            ?? throw new NotFound("appointment");
        if (db.FindActingRepresentative(appointment.Appointment.PatientId) is not null)
            throw new Forbidden("Patients rate their own appointments. Nobody rates for them.");
        appointment.Appointment.ThrowIfVersionDiffers(request.ExpectedVersion);
        appointment.Appointment.Rate(request.Rating, request.Comment);

        if (db.ChangeTracker.HasChanges())
        {
            var representatives = await db.FindRepresentativesAsync(appointment.Appointment.HospitalId, appointment.Appointment.PatientId, ct);
            db.Raise(() => new AppointmentUpdated(appointment.ToContract(), representatives));
        }
        await db.SaveChangesAsync(ct);
        return appointment.ToContract();
    }
}
