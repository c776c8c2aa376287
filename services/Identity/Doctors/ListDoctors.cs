using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Database;
using MedCor.Platform.Tools;

namespace MedCor.Identity.Doctors;

internal sealed class ListDoctorsHandler(DoctorResource doctors) : IToolHandler<ListDoctors, Page<Doctor>>
{
    public Task<Page<Doctor>> HandleAsync(ListDoctors request, CancellationToken ct) => doctors.ReadPageAsync(request, list =>
    {
        list.Where("hospital_id", request.HospitalId).Where("is_active", request.IsActive).Where("is_available", request.IsAvailable)
            .Search("search", request.Search);
        if (request.Specialty is not { Length: > 0 } specialty) return;
        list.Where(a => a.SpecialtyLinks.Any(p =>
            TextFunctions.Fold(p.Specialty!.Name) == TextFunctions.Fold(specialty) || TextFunctions.Fold(p.Specialty.Code) == TextFunctions.Fold(specialty)));
    }, ct);
}
