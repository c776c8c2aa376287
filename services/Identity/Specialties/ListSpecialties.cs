using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Specialties;

internal sealed class ListSpecialtiesHandler(IdentityDb db) : IHandle<ListSpecialties, Page<Contracts.Identity.Specialty>>
{
    private static readonly SortFields<Specialty> Sort = new SortFields<Specialty>("name")
    {
        { "name", s => s.Name },
        { "code", s => s.Code },
        { "created_at", s => s.CreatedAt },
        { "updated_at", s => s.UpdatedAt },
    }.Then(s => s.Id);

    public Task<Page<Contracts.Identity.Specialty>> Handle(ListSpecialties asked, CancellationToken ct)
    {
        var specialties = db.Specialties;
        if (asked.IsActive is { } active) specialties = specialties.Where(s => s.IsActive == active);
        if (asked.Search is { Length: > 0 } search)
        {
            var like = Like.Containing(search);
            specialties = specialties.Where(s => EF.Functions.ILike(s.Name, like) || EF.Functions.ILike(s.Code, like) || EF.Functions.ILike(s.Description!, like));
        }
        return specialties.Page(asked, Sort, s => s.ToContract(), ct);
    }
}
