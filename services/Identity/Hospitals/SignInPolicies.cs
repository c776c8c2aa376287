using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Hospitals;

/// <summary>Reads the rules by which the users of a hospital sign in.</summary>
internal sealed class SignInPolicies(IdentityDb db)
{
    /// <summary>The error for a missing hospital of a caller who belongs to none.</summary>
    internal const string MissingHospital = "is required: platform administrators belong to no hospital";

    /// <summary>Returns the rules of a hospital, or of platform administrators, who belong to none and have the defaults. Changes are not tracked.</summary>
    internal async Task<SignInPolicy> GetAsync(Guid? hospitalId, CancellationToken ct) =>
        await db.SignInPolicies.AsNoTracking().SingleOrDefaultAsync(p => p.HospitalId == hospitalId, ct) ?? new() { HospitalId = hospitalId ?? Guid.Empty };
}
