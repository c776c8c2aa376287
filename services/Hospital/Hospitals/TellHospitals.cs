using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.History;

namespace MedCor.Hospital.Hospitals;

internal sealed class TellHospitals(HospitalDb db) : ITellHistory
{
    public async IAsyncEnumerable<IntegrationEvent> Tell([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var hospital in Pages.ByKey(last => db.Hospitals.Where(h => h.Id > last).OrderBy(h => h.Id), h => h.Id, ct))
            yield return hospital.IsActive ? new HospitalUpdated(hospital.ToContract()) : new HospitalDeactivated(hospital.ToContract());
    }
}
