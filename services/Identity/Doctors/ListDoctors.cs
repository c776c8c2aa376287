using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

internal sealed class ListDoctorsHandler(VisibleDoctors doctors) : IHandle<ListDoctors, Page<Doctor>>
{
    public Task<Page<Doctor>> Handle(ListDoctors asked, CancellationToken ct) => doctors.Page(asked, list =>
    {
        list.Where("hospital_id", asked.HospitalId).Where("is_active", asked.IsActive).Where("is_available", asked.IsAvailable).Search("search", asked.Search);
        if (asked.Specialty is not { Length: > 0 } specialty) return;
        var name = Like.Exactly(specialty);
        list.Where(a => a.Practices.Any(p => EF.Functions.ILike(p.Specialty!.Name, name) || EF.Functions.ILike(p.Specialty.Code, name)));
    }, ct);
}
