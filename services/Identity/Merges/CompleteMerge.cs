using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Merges;

/// <summary>Records that a service has moved the rows of a merge.</summary>
internal sealed class CompleteMerge(IdentityDb db) : IEventHandler<PatientMergeApplied>
{
    public async Task HandleAsync(PatientMergeApplied integrationEvent, CancellationToken ct)
    {
        if (await db.Merges.SingleOrDefaultAsync(m => m.Id == integrationEvent.MergeId, ct) is { } merge) merge.Complete(integrationEvent);
    }
}
