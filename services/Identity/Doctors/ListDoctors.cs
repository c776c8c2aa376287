using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

internal sealed class ListDoctorsHandler(IdentityDb db) : IHandle<ListDoctors, Page<Doctor>>
{
    internal static readonly SortFields<Account> Sort = new SortFields<Account>("last_name,first_name")
    {
        { "last_name", a => a.LastName },
        { "first_name", a => a.FirstName },
        { "years_of_experience", a => a.YearsOfExperience },
        { "created_at", a => a.CreatedAt },
        { "updated_at", a => a.UpdatedAt },
    }.Then(a => a.Id);

    public Task<Page<Doctor>> Handle(ListDoctors asked, CancellationToken ct)
    {
        var doctors = db.Doctors();
        if (asked.HospitalId is { } hospital) doctors = doctors.Where(a => a.HospitalId == hospital);
        if (asked.IsActive is { } active) doctors = doctors.Where(a => a.IsActive == active);
        if (asked.IsAvailable is { } available) doctors = doctors.Where(a => a.IsAvailable == available);
        if (asked.Specialty is { Length: > 0 } specialty)
        {
            var name = Like.Exactly(specialty);
            doctors = doctors.Where(a => a.Practices.Any(p => EF.Functions.ILike(p.Specialty!.Name, name) || EF.Functions.ILike(p.Specialty.Code, name)));
        }
        if (asked.Search is { Length: > 0 } search)
        {
            var like = Like.Containing(search);
            doctors = doctors.Where(a => EF.Functions.ILike(a.FirstName + " " + a.LastName, like));
        }
        return doctors.Page(asked, Sort, a => a.ToDoctor(), ct);
    }
}
