using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Sessions;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Merges;

internal sealed class MergePatientsHandler(IdentityDb db, SessionManager sessions)
    : IToolHandler<MergePatients, PatientMerge>, IParameterValidator<MergePatients>
{
    public Task AddErrorsAsync(MergePatients request, ParameterErrors errors, CancellationToken ct)
    {
        if (errors.AreRight("surviving_patient_id", "merged_patient_id") && request.SurvivingPatientId == request.MergedPatientId)
            errors.Add("merged_patient_id", "must be another patient than the surviving one");
        return Task.CompletedTask;
    }

    public async Task<PatientMerge> HandleAsync(MergePatients request, CancellationToken ct)
    {
        // Whoever has one of the two in their care sees the content of both afterwards.
        db.Tenancy.Caller.RequireOwnLogIn("merge patients");
        var (surviving, merged) = await db.LockPatientsAsync(request.SurvivingPatientId, request.MergedPatientId, ct);
        if (merged.MergedIntoId == surviving.Id) return (await db.FindMergeAsync(surviving.Id, merged.Id, ct))!.ToContract();
        if (merged.MergedIntoId is { } other)
            throw new Conflict("The patient was merged into another one already. Merge that one.").WithDetail("surviving_patient_id", other);
        if (surviving.MergedIntoId is { } survivor)
            throw new Conflict("The surviving patient was merged into another one. Merge into that one.").WithDetail("surviving_patient_id", survivor);
        if (!surviving.IsActive)
            throw new Conflict("The surviving patient is inactive. Merge the other way around, or activate the patient with update_user.");
        await db.EnsureOthersAreCompleteAsync(surviving.Id, merged.Id, exceptId: null, ct);

        var merge = new Merge
        {
            HospitalId = surviving.HospitalId!.Value,
            SurvivingId = surviving.Id,
            MergedId = merged.Id,
            MergedWasActive = merged.IsActive,
            RequestedBy = db.Tenancy.Caller.UserId,
        };
        (merged.MergedIntoId, merged.IsActive) = (surviving.Id, false);
        db.Add(merge);
        db.Raise(merge.ToEvent);
        merged.RaiseChanged(db, user => merge.MergedWasActive ? new UserDeactivated(user) : new UserUpdated(user));
        await db.SaveChangesAsync(ct);
        await db.CandidatePairs.Where(p => p.FirstId == merged.Id || p.SecondId == merged.Id).ExecuteDeleteAsync(ct);
        await sessions.EndAllOfUserAsync(merged.Id, ct);
        return merge.ToContract();
    }
}
