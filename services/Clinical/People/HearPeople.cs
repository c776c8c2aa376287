using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Messaging;

namespace MedCor.Clinical.People;

/// <summary>Keeps the copies of people up to date, in whatever order their events come.</summary>
internal sealed class HearPeople(KnownPeople people) : IHear<UserCreated>, IHear<UserUpdated>, IHear<UserDeactivated>, IHear<DoctorUpdated>
{
    public Task Hear(UserCreated happened, CancellationToken ct) => Keep(happened.User, ct);

    public Task Hear(UserUpdated happened, CancellationToken ct) => Keep(happened.User, ct);

    public Task Hear(UserDeactivated happened, CancellationToken ct) => Keep(happened.User, ct);

    public Task Hear(DoctorUpdated happened, CancellationToken ct) => people.Keep(Person.From(happened.Doctor), ct);

    private Task Keep(User user, CancellationToken ct) => Person.From(user) is { } person ? people.Keep(person, ct) : Task.CompletedTask;
}
