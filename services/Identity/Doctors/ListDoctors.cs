using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Doctors;

internal sealed class ListDoctorsHandler(VisibleDoctors doctors) : IHandle<ListDoctors, Page<Doctor>>
{
    public Task<Page<Doctor>> Handle(ListDoctors asked, CancellationToken ct) => doctors.Page(asked, list =>
    {
        list.Where("hospital_id", asked.HospitalId).Where("is_active", asked.IsActive).Where("is_available", asked.IsAvailable).Search("search", asked.Search);
        if (asked.Specialty is not { Length: > 0 } specialty) return;
        list.Where(a => a.Practices.Any(p => TextSearch.Folded(p.Specialty!.Name) == TextSearch.Folded(specialty) || TextSearch.Folded(p.Specialty.Code) == TextSearch.Folded(specialty)));
    }, ct);
}
