using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.Platform.Tools;

namespace MedCor.Hospital.Hospitals;

internal sealed class ListHospitalsHandler(HospitalResource hospitals) : IToolHandler<ListHospitals, Page<Contracts.Hospital.Hospital>>
{
    public Task<Page<Contracts.Hospital.Hospital>> HandleAsync(ListHospitals request, CancellationToken ct) =>
        hospitals.ReadPageAsync(request, list => list.Where("is_active", request.IsActive).Search("search", request.Search), ct);
}
