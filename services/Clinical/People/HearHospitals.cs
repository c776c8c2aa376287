using MedCor.Contracts.Hospital;
using MedCor.ServiceDefaults.Messaging;

namespace MedCor.Clinical.People;

/// <summary>Keeps the copies of hospitals up to date, in whatever order their events come.</summary>
internal sealed class HearHospitals(KnownPeople people) : IHear<HospitalCreated>, IHear<HospitalUpdated>, IHear<HospitalDeactivated>
{
    public Task Hear(HospitalCreated happened, CancellationToken ct) => people.Keep(Hospital.From(happened.Hospital), ct);

    public Task Hear(HospitalUpdated happened, CancellationToken ct) => people.Keep(Hospital.From(happened.Hospital), ct);

    public Task Hear(HospitalDeactivated happened, CancellationToken ct) => people.Keep(Hospital.From(happened.Hospital), ct);
}
