using MedCor.Contracts;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;

namespace MedCor.Platform.Resources;

/// <summary>Checks the hospitals that a list is restricted to, for every tool and resource alike.</summary>
internal sealed class NamedHospitals(IHospitalDirectory hospitals, TenantContext tenancy)
{
    internal const string Field = "hospital_id";

    /// <summary>Throws <see cref="NotFound"/> when one of the hospitals does not exist as far as the caller may know.</summary>
    internal async Task EnsureExistAsync(IEnumerable<Guid> named, CancellationToken ct)
    {
        foreach (var id in named)
            if (id != tenancy.Caller.HospitalId && (tenancy.Caller.HospitalId is not null || !await hospitals.ExistsAsync(id, ct)))
                throw new NotFound("hospital");
    }
}
