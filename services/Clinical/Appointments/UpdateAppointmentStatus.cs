using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Appointments;

internal sealed class UpdateAppointmentStatusHandler(ClinicalDb db, TimeProvider clock) : IHandle<UpdateAppointmentStatus, Contracts.Clinical.Appointment>
{
    public async Task<Contracts.Clinical.Appointment> Handle(UpdateAppointmentStatus asked, CancellationToken ct)
    {
        if (db.Tenancy.Caller.Kind == Callers.Patient && asked.Status != AppointmentStatus.Cancelled) throw new Forbidden("Patients may cancel their appointments, nothing else.");
        if (asked.Status == AppointmentStatus.Cancelled && string.IsNullOrWhiteSpace(asked.Notes)) throw new Invalid("notes", "must say why it is cancelled");

        var visit = await db.Visits.SingleOrDefaultAsync(v => v.Appointment.Id == asked.AppointmentId, ct) ?? throw new Missing("appointment");
        visit.Appointment.Expect(asked.ExpectedVersion);
        var now = clock.GetUtcNow();
        if (db.Tenancy.Caller.Kind == Callers.Patient && visit.Appointment.Status is AppointmentStatus.Scheduled or AppointmentStatus.InProgress) visit.Appointment.MustLieAhead(now);
        visit.Appointment.ChangeStatus(asked.Status, asked.Notes, now);

        db.Raise(() => new AppointmentUpdated(visit.ToContract()));
        await db.SaveChangesAsync(ct);
        return visit.ToContract();
    }
}
