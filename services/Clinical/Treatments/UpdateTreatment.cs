using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.Treatments;

internal sealed class UpdateTreatmentHandler(ClinicalDb db, VisibleTreatments treatments) : IHandle<UpdateTreatment, Contracts.Clinical.Treatment>, IAmend<UpdateTreatment>
{
    public async Task<object> Shown(UpdateTreatment asked, CancellationToken ct) => await treatments.Get(asked.TreatmentId, ct);

    public async Task<Contracts.Clinical.Treatment> Handle(UpdateTreatment asked, CancellationToken ct)
    {
        var treatment = await db.Treatments.SingleOrDefaultAsync(t => t.Id == asked.TreatmentId, ct) ?? throw new Missing("treatment");
        treatment.Expect(asked.ExpectedVersion);
        treatment.Change(asked);
        if (!db.ChangeTracker.HasChanges()) return treatment.ToContract();

        // What it says from now on is this caller's word, not that of whoever wrote it before.
        treatment.AuthorId = db.Tenancy.Caller.UserId;
        db.Raise(() => new TreatmentUpdated(treatment.ToContract().WithoutContent()));
        await db.SaveChangesAsync(ct);
        return treatment.ToContract();
    }
}
