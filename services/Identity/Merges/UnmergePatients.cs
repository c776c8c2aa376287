using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Merges;

internal sealed class UnmergePatientsHandler(IdentityDb db) : IToolHandler<UnmergePatients, PatientMerge>
{
    public async Task<PatientMerge> HandleAsync(UnmergePatients request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("undo merges");
        var (surviving, merged) = await db.LockPatientsAsync(request.SurvivingPatientId, request.MergedPatientId, ct);
        var merge = await db.FindMergeAsync(surviving.Id, merged.Id, ct);
        if (merge is null || (merged.MergedIntoId is { } other && other != surviving.Id)) throw new Conflict("The two patients are not merged.");
        if (merged.MergedIntoId is null) return merge.ToContract();
        if (surviving.MergedIntoId is { } survivor)
            throw new Conflict("The surviving patient was merged into another one since. Undo that first.").WithDetail("surviving_patient_id", survivor);
        await db.EnsureOthersAreCompleteAsync(surviving.Id, merged.Id, exceptId: merge.Id, ct);

        merge.Undo(db.Tenancy.Caller.UserId);
        (merged.MergedIntoId, merged.IsActive) = (null, merge.MergedWasActive && merged.ErasedAt is null);
        db.Raise(merge.ToEvent);
        merged.RaiseChanged(db, user => new UserUpdated(user));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (PatientFields.FindUnmergeConflict(e) is { } taken)
        {
            throw taken;
        }
        return merge.ToContract();
    }
}
