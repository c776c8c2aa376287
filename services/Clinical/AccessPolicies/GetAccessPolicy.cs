using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.AccessPolicies;

internal sealed class GetAccessPolicyHandler(ClinicalDb db, HospitalCopies hospitals) : IToolHandler<GetAccessPolicy, Contracts.Clinical.AccessPolicy>
{
    public async Task<Contracts.Clinical.AccessPolicy> HandleAsync(GetAccessPolicy request, CancellationToken ct)
    {
        var hospital = await hospitals.FindAsync((request.HospitalId ?? db.Tenancy.HospitalId)!.Value, ct) ?? throw new NotFound("hospital");
        var policy = await db.AccessPolicies.AsNoTracking().SingleOrDefaultAsync(p => p.HospitalId == hospital.HospitalId, ct)
            ?? new() { HospitalId = hospital.HospitalId };
        return policy.ToContract();
    }
}
