using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;

namespace MedCor.Clinical.People;

/// <summary>Keeps the local copies of people up to date, regardless of the order in which events arrive.</summary>
internal sealed class PeopleProjection(PersonCopies people)
    : IEventHandler<UserCreated>, IEventHandler<UserUpdated>, IEventHandler<UserDeactivated>, IEventHandler<DoctorUpdated>
{
    public Task HandleAsync(UserCreated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    public Task HandleAsync(UserUpdated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    public Task HandleAsync(UserDeactivated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    public Task HandleAsync(DoctorUpdated integrationEvent, CancellationToken ct) => people.UpsertAsync(PersonCopy.From(integrationEvent.Doctor), ct);

    private Task UpsertAsync(User user, CancellationToken ct) => PersonCopy.From(user) is { } person ? people.UpsertAsync(person, ct) : Task.CompletedTask;
}
