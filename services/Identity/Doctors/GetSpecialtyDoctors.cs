using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Doctors;

internal sealed class GetSpecialtyDoctorsHandler(IdentityDb db) : IHandle<GetSpecialtyDoctors, Page<Doctor>>
{
    public async Task<Page<Doctor>> Handle(GetSpecialtyDoctors asked, CancellationToken ct)
    {
        if (!await db.Specialties.AnyAsync(s => s.Id == asked.SpecialtyId, ct)) throw new Missing("specialty");

        var doctors = db.Doctors().Where(a => a.Practices.Any(p => p.SpecialtyId == asked.SpecialtyId));
        if (asked.HospitalId is { } hospital) doctors = doctors.Where(a => a.HospitalId == hospital);
        if (asked.IsActive is { } active) doctors = doctors.Where(a => a.IsActive == active);
        return await doctors.Page(asked, ListDoctorsHandler.Sort, a => a.ToDoctor(), ct);
    }
}
