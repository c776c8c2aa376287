using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Treatments;

internal sealed class GetTreatmentHandler(ClinicalDb db) : IHandle<GetTreatment, Contracts.Clinical.Treatment>
{
    public async Task<Contracts.Clinical.Treatment> Handle(GetTreatment asked, CancellationToken ct) =>
        (await db.Treatments.AsNoTracking().SingleOrDefaultAsync(t => t.Id == asked.TreatmentId, ct) ?? throw new Missing("treatment")).For(db.Tenancy.Caller.Kind);
}
