using MedCor.Contracts.Clinical;
using MedCor.Platform.Replay;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Scheduling;

internal sealed class AppointmentReplay(ClinicalDb db) : IReplaySource
{
    public Task<IReadOnlyList<ReplayItem>> ReadPageAsync(RowKey after, CancellationToken ct) =>
        db.WithNames(db.Appointments.Where(a => EF.Functions.GreaterThan(ValueTuple.Create(a.HospitalId, a.Id), ValueTuple.Create(after.HospitalId, after.Id))))
            .OrderBy(v => v.Appointment.HospitalId).ThenBy(v => v.Appointment.Id)
            .ToReplayPageAsync(v => new(v.Appointment.HospitalId, v.Appointment.Id), v => [new AppointmentUpdated(v.ToContract())], ct);
}
