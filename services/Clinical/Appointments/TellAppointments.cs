using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.History;

namespace MedCor.Clinical.Appointments;

internal sealed class TellAppointments(ClinicalDb db) : ITellHistory
{
    public async IAsyncEnumerable<IntegrationEvent> Tell([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var visit in Pages.ByKey(last => db.Named(db.Appointments.Where(a => a.Id > last)).OrderBy(v => v.Appointment.Id), v => v.Appointment.Id, ct))
            yield return new AppointmentUpdated(visit.ToContract());
    }
}
