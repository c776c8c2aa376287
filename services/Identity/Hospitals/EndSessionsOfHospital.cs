using MedCor.Contracts.Hospital;
using MedCor.Identity.Sessions;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Hospitals;

/// <summary>When a hospital goes out of use, the sessions of all its people end.</summary>
internal sealed class EndSessionsOfHospital(IdentityDb db, SessionManager sessions) : IEventHandler<HospitalDeactivated>
{
    public async Task HandleAsync(HospitalDeactivated happened, CancellationToken ct)
    {
        var hospital = happened.Hospital;
        // A late event must not end the sessions of a hospital that has been taken back into use since.
        if (await db.Hospitals.AnyAsync(h => h.HospitalId == hospital.Id && h.IsActive && h.Version > hospital.Version, ct)) return;
        await sessions.EndAllOfHospitalAsync(hospital.Id, ct);
    }
}
