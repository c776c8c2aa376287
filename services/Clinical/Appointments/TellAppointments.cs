using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.History;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Appointments;

internal sealed class TellAppointments(ClinicalDb db) : ITellHistory
{
    public Task<IReadOnlyList<Told>> Tell(RowKey after, CancellationToken ct) =>
        db.Named(db.Appointments.Where(a => EF.Functions.GreaterThan(ValueTuple.Create(a.HospitalId, a.Id), ValueTuple.Create(after.Hospital, after.Id))))
            .OrderBy(v => v.Appointment.HospitalId).ThenBy(v => v.Appointment.Id)
            .Page(v => new(v.Appointment.HospitalId, v.Appointment.Id), v => [new AppointmentUpdated(v.ToContract())], ct);
}
