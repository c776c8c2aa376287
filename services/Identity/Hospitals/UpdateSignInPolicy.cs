using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Mails;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Hospitals;

internal sealed class UpdateSignInPolicyHandler(IdentityDb db, HospitalCopies hospitals, SignInPolicies policies, MailQueue mails)
    : IToolHandler<UpdateSignInPolicy, Contracts.Identity.SignInPolicy>, IParameterValidator<UpdateSignInPolicy>
{
    public Task AddErrorsAsync(UpdateSignInPolicy request, ParameterErrors errors, CancellationToken ct)
    {
        db.Tenancy.RequireHospital(request.HospitalId, errors);
        return Task.CompletedTask;
    }

    public async Task<Contracts.Identity.SignInPolicy> HandleAsync(UpdateSignInPolicy request, CancellationToken ct)
    {
        db.Tenancy.Caller.RequireOwnLogIn("change how others sign in");
        var hospital = await hospitals.GetRequestedAsync(request.HospitalId, ct);
        hospital.EnsureActive();
        var stored = await db.SignInPolicies.SingleOrDefaultAsync(p => p.HospitalId == hospital.HospitalId, ct);
        var policy = stored ?? policies.CreateDefault(hospital.HospitalId);
        policy.ThrowIfVersionDiffers(request.ExpectedVersion);

        policy.AcceptsChosenPasswords = request.AcceptsChosenPasswords ?? policy.AcceptsChosenPasswords;
        policy.SecondFactorRoles = request.SecondFactorRoles is { } roles ? [.. roles.Order()] : policy.SecondFactorRoles;
        policy.IdleMinutes = request.IdleMinutes ?? policy.IdleMinutes;
        policy.MaxSessionHours = request.MaxSessionHours ?? policy.MaxSessionHours;
        policy.StepUpMinutes = request.StepUpMinutes.Or(policy.StepUpMinutes);

        if (stored is null && request != new UpdateSignInPolicy(request.HospitalId)) db.Add(policy);
        if (db.Entry(policy).State is EntityState.Added or EntityState.Modified)
            await mails.AddForAdminsAsync(MailKind.SignInPolicyChanged, hospital.HospitalId, ct);
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("sign_in_policies_pkey"))
        {
            throw new Conflict("The rules were changed by another request at the same time. Read them again, then retry.") { RetryAfter = 1 };
        }
        return policy.ToContract();
    }
}
