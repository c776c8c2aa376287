using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Hospital.Hospitals;

internal sealed class GetHospitalHandler(VisibleHospitals hospitals) : IHandle<GetHospital, Contracts.Hospital.Hospital>
{
    public Task<Contracts.Hospital.Hospital> Handle(GetHospital asked, CancellationToken ct) => hospitals.Get(asked.HospitalId, ct);
}
