using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Hospital.Hospitals;

internal sealed class ListHospitalsHandler(VisibleHospitals hospitals) : IHandle<ListHospitals, Page<Contracts.Hospital.Hospital>>
{
    public Task<Page<Contracts.Hospital.Hospital>> Handle(ListHospitals asked, CancellationToken ct) =>
        hospitals.Page(asked, list => list.Where("is_active", asked.IsActive).Search("search", asked.Search), ct);
}
