using MedCor.Contracts.Hospital;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>Ends the sessions of all users of a hospital when the hospital is deactivated.</summary>
internal sealed class EndSessionsOfHospital(IdentityDb db, SessionManager sessions) : IEventHandler<HospitalDeactivated>
{
    public async Task HandleAsync(HospitalDeactivated integrationEvent, CancellationToken ct)
    {
        var hospital = integrationEvent.Hospital;
        // A late event must not end the sessions of a hospital that was reactivated since.
        if (await db.Hospitals.AnyAsync(h => h.HospitalId == hospital.Id && h.IsActive && h.Version > hospital.Version, ct)) return;
        await sessions.EndAllOfHospitalAsync(hospital.Id, ct);
    }
}
