using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.History;

namespace MedCor.Hospital.Hospitals;

internal sealed class TellHospitals(HospitalDb db) : ITellHistory
{
    public Task<IReadOnlyList<Told>> Tell(RowKey after, CancellationToken ct) => db.Hospitals.Where(h => h.Id > after.Id).OrderBy(h => h.Id).Page(
        h => new(default, h.Id), h => [h.IsActive ? new HospitalUpdated(h.ToContract()) : new HospitalDeactivated(h.ToContract())], ct);
}
