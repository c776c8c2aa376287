using MedCor.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Hospitals;

/// <summary>Reads the rules by which the users of a hospital sign in.</summary>
internal sealed class SignInPolicies(IdentityDb db, IHostEnvironment environment, IOptions<PlatformPolicyOptions> platform)
{
    /// <summary>
    /// Returns the rules of a hospital, or of platform administrators, who belong to none and have the configured ones. Changes are not tracked.
    /// </summary>
    internal async Task<SignInPolicy> GetAsync(Guid? hospitalId, CancellationToken ct)
    {
        if (hospitalId is { } id) return await db.SignInPolicies.AsNoTracking().SingleOrDefaultAsync(p => p.HospitalId == id, ct) ?? CreateDefault(id);
        var (policy, configured) = (CreateDefault(Guid.Empty), platform.Value);
        if (configured.PlatformRequiresSecondFactor) policy.SecondFactorRoles = [Role.Admin];
        policy.IdleMinutes = configured.PlatformIdleMinutes;
        policy.MaxSessionHours = configured.PlatformMaxSessionHours;
        policy.StepUpMinutes = configured.PlatformStepUpMinutes;
        return policy;
    }

    /// <summary>
    /// Creates the rules of a hospital that has set none. In Development a password that somebody else chose stays valid, so that examples need no mailbox.
    /// </summary>
    internal SignInPolicy CreateDefault(Guid hospitalId) => new() { HospitalId = hospitalId, AcceptsChosenPasswords = environment.IsDevelopment() };
}
