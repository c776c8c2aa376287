using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Identity.Specialties;

internal sealed class ListSpecialtiesHandler(VisibleSpecialties specialties) : IHandle<ListSpecialties, Page<Contracts.Identity.Specialty>>
{
    public Task<Page<Contracts.Identity.Specialty>> Handle(ListSpecialties asked, CancellationToken ct) =>
        specialties.Page(asked, list => list.Where("is_active", asked.IsActive).Search("search", asked.Search), ct);
}
