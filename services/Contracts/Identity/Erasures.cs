using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>
/// Erases the data of a user that no law requires to be kept, for good: the e-mail address, the phone number, the address, contacts and next of kin, the
/// license number, everything that serves to log in, sessions, chats and guided prompts. The account is deactivated. Appointments, medical records and
/// treatments are kept, with the name, the date of birth, the gender and the numbers of their patient, as is the audit trail. Upcoming appointments stay booked
/// and are listed as affected. Duplicates that were merged into a patient are erased too. All services complete it within seconds; each is then recorded in
/// the audit trail.
/// </summary>
/// <param name="UserId">The ID of the user.</param>
[Tool("erase_user", Effect.Delete, Callers.Admins, RequiresStepUp = true)]
public sealed record EraseUser(Guid UserId) : ITool<ErasedUser>;

/// <summary>Represents a user whose data was erased.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="HospitalId">The ID of the user's hospital; null for platform administrators.</param>
/// <param name="Role"><example>"PATIENT"</example></param>
/// <param name="IsActive">Whether the account is active, which it is not. <example>false</example></param>
/// <param name="ErasedAt">The time of the erasure.</param>
/// <param name="Affected">The upcoming appointments of the user, as a doctor or a patient, at most 100, the earliest first. They stay booked.</param>
/// <param name="AffectedCount">The number of upcoming appointments, counted up to 10,000.</param>
[Audited(AuditKind.Account, "users")]
public sealed record ErasedUser(
    Guid Id,
    Guid? HospitalId,
    Role Role,
    bool IsActive,
    DateTimeOffset ErasedAt,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    [property: MaxLength(100)] IReadOnlyList<AffectedAppointment> Affected,
    long AffectedCount);

/// <summary>Describes who requested an erasure, for the audit trail.</summary>
/// <param name="UserId">The user whose data is erased.</param>
/// <param name="IsPatient">Whether the user is a patient.</param>
/// <param name="RequestedBy">The user who requested it.</param>
/// <param name="Role">The role in which they did.</param>
public sealed record Erasure(Guid UserId, bool IsPatient, Guid RequestedBy, ActingRole Role, Guid SessionId, string RequestId);

/// <summary>
/// Represents the event that a user is erased. Each service deletes what it stores about the user and need not keep, and records it in the audit trail.
/// </summary>
public sealed record UserErased(Guid? HospitalId, Erasure Erasure, long Version) : IntegrationEvent(HospitalId, Version);
