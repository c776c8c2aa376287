using MedCor.Contracts;
using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class ListHospitalsHandler(HospitalDb db) : IHandle<ListHospitals, Page<Contracts.Hospital.Hospital>>
{
    private static readonly SortFields<Hospital> Sort = new SortFields<Hospital>("name")
    {
        { "name", h => h.Name },
        { "city", h => h.City },
        { "created_at", h => h.CreatedAt },
        { "updated_at", h => h.UpdatedAt },
    }.Then(h => h.Id);

    public Task<Page<Contracts.Hospital.Hospital>> Handle(ListHospitals asked, CancellationToken ct)
    {
        var hospitals = db.Hospitals;
        if (asked.IsActive is { } active) hospitals = hospitals.Where(h => h.IsActive == active);
        if (asked.Search is { Length: > 0 } search)
        {
            var like = Like.Containing(search);
            hospitals = hospitals.Where(h => EF.Functions.ILike(h.Name, like) || EF.Functions.ILike(h.City, like) || EF.Functions.ILike(h.Subdomain, like));
        }
        return hospitals.Page(asked, Sort, h => h.ToContract(), ct);
    }
}
