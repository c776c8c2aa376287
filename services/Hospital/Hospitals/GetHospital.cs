using MedCor.Contracts.Hospital;
using MedCor.Platform.Tools;

namespace MedCor.Hospital.Hospitals;

internal sealed class GetHospitalHandler(HospitalResource hospitals) : IToolHandler<GetHospital, Contracts.Hospital.Hospital>
{
    public Task<Contracts.Hospital.Hospital> HandleAsync(GetHospital request, CancellationToken ct) => hospitals.GetAsync(request.HospitalId, ct);
}
