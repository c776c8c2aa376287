using MedCor.Contracts.Hospital;
using MedCor.Identity.Sessions;
using MedCor.ServiceDefaults.Messaging;

namespace MedCor.Identity.Hospitals;

/// <summary>Keeps up with the hospitals. When one goes out of use, the sessions of all its people end.</summary>
internal sealed class HearOfHospitals(KnownHospitals hospitals, LiveSessions sessions) : IHear<HospitalCreated>, IHear<HospitalUpdated>, IHear<HospitalDeactivated>
{
    public Task Hear(HospitalCreated happened, CancellationToken ct) => hospitals.Keep(happened.Hospital, ct);

    public Task Hear(HospitalUpdated happened, CancellationToken ct) => hospitals.Keep(happened.Hospital, ct);

    public async Task Hear(HospitalDeactivated happened, CancellationToken ct)
    {
        await hospitals.Keep(happened.Hospital, ct);
        // A late one must not end the sessions of a hospital that has been taken back into use.
        if (await hospitals.IsActive(happened.Hospital.Id, ct) is false) await sessions.EndAllOfHospital(happened.Hospital.Id, ct);
    }
}
