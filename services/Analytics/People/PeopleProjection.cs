using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Messaging;
using Npgsql;

namespace MedCor.Analytics.People;

/// <summary>Stores the newest version of each user of a hospital, regardless of the order in which events arrive.</summary>
internal sealed class PeopleProjection : IProjection<UserCreated>, IProjection<UserUpdated>, IProjection<UserDeactivated>
{
    public NpgsqlBatchCommand Apply(IReadOnlyList<UserCreated> events) => Upsert(events.Select(e => e.User));

    public NpgsqlBatchCommand Apply(IReadOnlyList<UserUpdated> events) => Upsert(events.Select(e => e.User));

    public NpgsqlBatchCommand Apply(IReadOnlyList<UserDeactivated> events) => Upsert(events.Select(e => e.User));

    /// <summary>Platform administrators belong to no hospital and are left out.</summary>
    private static NpgsqlBatchCommand Upsert(IEnumerable<User> users)
    {
        User[] people = [.. users.Where(u => u.HospitalId is not null)];
        return new("""
            INSERT INTO people (hospital_id, user_id, role, is_active, registered_at, version)
            SELECT DISTINCT ON (hospital_id, user_id) *
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::boolean[], $5::timestamptz[], $6::bigint[])
                AS p (hospital_id, user_id, role, is_active, registered_at, version)
            ORDER BY hospital_id, user_id, version DESC
            ON CONFLICT (hospital_id, user_id) DO UPDATE SET role = excluded.role, is_active = excluded.is_active, version = excluded.version
            WHERE people.version < excluded.version
            """)
        {
            Parameters =
            {
                new() { Value = Array.ConvertAll(people, p => p.HospitalId!.Value) },
                new() { Value = Array.ConvertAll(people, p => p.Id) },
                new() { Value = Array.ConvertAll(people, p => EnumNames.Of(p.Role)) },
                new() { Value = Array.ConvertAll(people, p => p.IsActive) },
                new() { Value = Array.ConvertAll(people, p => p.CreatedAt) },
                new() { Value = Array.ConvertAll(people, p => p.Version) },
            },
        };
    }
}
