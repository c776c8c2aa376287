using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Specialties;

internal sealed class ListSpecialtiesHandler(SpecialtyResource specialties) : IToolHandler<ListSpecialties, Page<Contracts.Identity.Specialty>>
{
    public Task<Page<Contracts.Identity.Specialty>> HandleAsync(ListSpecialties request, CancellationToken ct) =>
        specialties.ReadPageAsync(request, list => list.Where("is_active", request.IsActive).Search("search", request.Search), ct);
}
