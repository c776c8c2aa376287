using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

internal sealed class GetSpecialtyDoctorsHandler(IdentityDb db, DoctorResource doctors) : IToolHandler<GetSpecialtyDoctors, Page<Doctor>>
{
    public async Task<Page<Doctor>> HandleAsync(GetSpecialtyDoctors request, CancellationToken ct)
    {
        if (!await db.Specialties.AnyAsync(s => s.Id == request.SpecialtyId, ct)) throw new NotFound("specialty");

        return await doctors.ReadPageAsync(request, list => list
            .Where(a => a.SpecialtyLinks.Any(p => p.SpecialtyId == request.SpecialtyId))
            .Where("hospital_id", request.HospitalId)
            .Where("is_active", request.IsActive), ct);
    }
}
