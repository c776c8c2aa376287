using MedCor.Contracts.Identity;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Platform.LocalCopies;

/// <summary>
/// Keeps copies of users: their hospital, their role and whether the account is active. Names are not copied, so that a service that needs none stores none.
/// </summary>
public sealed class UserCopies(TenantDb db) : IEventHandler<UserCreated>, IEventHandler<UserUpdated>, IEventHandler<UserDeactivated>
{
    /// <inheritdoc/>
    public Task HandleAsync(UserCreated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    /// <inheritdoc/>
    public Task HandleAsync(UserUpdated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    /// <inheritdoc/>
    public Task HandleAsync(UserDeactivated integrationEvent, CancellationToken ct) => UpsertAsync(integrationEvent.User, ct);

    /// <summary>Stores a user unless a higher version is stored already, whatever the order of arrival.</summary>
    private Task<int> UpsertAsync(User user, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        INSERT INTO known_users (user_id, hospital_id, role, is_active, version)
        VALUES ({user.Id}, {user.HospitalId}, {user.Role.ToString().ToUpperInvariant()}, {user.IsActive}, {user.Version})
        ON CONFLICT (user_id) DO UPDATE SET hospital_id = excluded.hospital_id, role = excluded.role, is_active = excluded.is_active, version = excluded.version
        WHERE known_users.version < excluded.version
        """, ct);
}
