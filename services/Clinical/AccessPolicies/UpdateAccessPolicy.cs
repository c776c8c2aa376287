using MedCor.Clinical.People;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Clinical.AccessPolicies;

internal sealed class UpdateAccessPolicyHandler(ClinicalDb db, HospitalCopies hospitals, PersonCopies people)
    : IToolHandler<UpdateAccessPolicy, Guid, Contracts.Clinical.AccessPolicy>
{
    private static readonly Role[] NotifiedRoles = [Role.Admin, Role.Doctor, Role.Nurse];

    /// <summary>Checks the users who are added and returns the hospital.</summary>
    public async Task<Guid> PrepareAsync(UpdateAccessPolicy request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("change who sees clinical content");
        var hospital = await hospitals.FindAsync((request.HospitalId ?? db.Tenancy.HospitalId)!.Value, ct) ?? throw new NotFound("hospital");
        hospital.EnsureActive();
        if (request.NotifiedUsers is null) return hospital.HospitalId;
        // A user who is named already may be sent back, although their role has changed since.
        var named = await db.AccessPolicies.Where(p => p.HospitalId == hospital.HospitalId).Select(p => p.NotifiedUserIds).SingleOrDefaultAsync(ct) ?? [];
        foreach (var (i, user) in request.NotifiedUsers.Index())
            if (!named.Contains(user.UserId)) await people.RequireStaffAsync(user.UserId, $"notified_users[{i}].user_id", NotifiedRoles, ct);
        return hospital.HospitalId;
    }

    public async Task<Contracts.Clinical.AccessPolicy> HandleAsync(UpdateAccessPolicy request, Guid hospital, CancellationToken ct)
    {
        var stored = await db.AccessPolicies.SingleOrDefaultAsync(p => p.HospitalId == hospital, ct);
        var policy = stored ?? new AccessPolicy { HospitalId = hospital };
        policy.ThrowIfVersionDiffers(request.ExpectedVersion);

        var named = policy.NotifiedUserIds;
        policy.Mode = request.Mode ?? policy.Mode;
        policy.VisitDays = request.VisitDays ?? policy.VisitDays;
        policy.NurseDays = request.NurseDays ?? policy.NurseDays;
        policy.NotifiedUserIds = request.NotifiedUsers is { } users ? [.. users.Select(u => u.UserId)] : policy.NotifiedUserIds;

        if (stored is null && request is not { Mode: null, VisitDays: null, NurseDays: null, NotifiedUsers: null }) db.Add(policy);
        if (db.ChangeTracker.HasChanges())
        {
            policy.ChangedBy = db.Tenancy.Caller.UserId;
            db.Raise(() => new AccessPolicyChanged(policy.ToContract(), [.. named.Union(policy.NotifiedUserIds)]));
        }
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("access_policies_pkey"))
        {
            throw new Conflict("The policy was changed by another request at the same time. Read it again, then retry.") { RetryAfter = 1 };
        }
        return policy.ToContract();
    }
}
