using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

internal sealed class GetSpecialtyDoctorsHandler(IdentityDb db, VisibleDoctors doctors) : IHandle<GetSpecialtyDoctors, Page<Doctor>>
{
    public async Task<Page<Doctor>> Handle(GetSpecialtyDoctors asked, CancellationToken ct)
    {
        if (!await db.Specialties.AnyAsync(s => s.Id == asked.SpecialtyId, ct)) throw new Missing("specialty");

        return await doctors.Page(asked, list => list
            .Where(a => a.Practices.Any(p => p.SpecialtyId == asked.SpecialtyId))
            .Where("hospital_id", asked.HospitalId)
            .Where("is_active", asked.IsActive), ct);
    }
}
