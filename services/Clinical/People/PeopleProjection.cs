using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Messaging;

namespace MedCor.Clinical.People;

/// <summary>Keeps the copies of people up to date, in whatever order their events come.</summary>
internal sealed class PeopleProjection(PersonCopies people) : IEventHandler<UserCreated>, IEventHandler<UserUpdated>, IEventHandler<UserDeactivated>, IEventHandler<DoctorUpdated>
{
    public Task Handle(UserCreated happened, CancellationToken ct) => Upsert(happened.User, ct);

    public Task Handle(UserUpdated happened, CancellationToken ct) => Upsert(happened.User, ct);

    public Task Handle(UserDeactivated happened, CancellationToken ct) => Upsert(happened.User, ct);

    public Task Handle(DoctorUpdated happened, CancellationToken ct) => people.Upsert(PersonCopy.From(happened.Doctor), ct);

    private Task Upsert(User user, CancellationToken ct) => PersonCopy.From(user) is { } person ? people.Upsert(person, ct) : Task.CompletedTask;
}
