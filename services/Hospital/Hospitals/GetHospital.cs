using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Hospital.Hospitals;

internal sealed class GetHospitalHandler(HospitalDb db) : IHandle<GetHospital, Contracts.Hospital.Hospital>
{
    public async Task<Contracts.Hospital.Hospital> Handle(GetHospital asked, CancellationToken ct) =>
        (await db.Hospitals.AsNoTracking().SingleOrDefaultAsync(h => h.Id == asked.HospitalId, ct) ?? throw new Missing("hospital")).ToContract();
}
