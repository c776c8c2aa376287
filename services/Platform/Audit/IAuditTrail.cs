using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Authentication;

namespace MedCor.Platform.Audit;

/// <summary>
/// Records who saw or changed what, and who logged in or failed to. Tools and resources are recorded automatically; any other code that returns or changes what
/// is audited calls it before responding.
/// </summary>
public interface IAuditTrail
{
    /// <summary>
    /// Records an access by the current caller, in the open transaction or else in its own. Throws when the access could not be recorded; no response may be
    /// sent then.
    /// </summary>
    /// <param name="content">All audited entities of the response; empty when the response has none or the access was refused.</param>
    Task RecordAsync(AuditedAccess access, AuditOutcome outcome, IEnumerable<AuditedEntity> content, CancellationToken ct);

    /// <summary>
    /// Records what somebody did who is not the current caller, or has not logged in, in the open transaction or else in its own. Throws when it could not be
    /// recorded.
    /// </summary>
    /// <param name="hospitalId">The hospital in whose trail it is recorded; null for that of the platform.</param>
    Task RecordAsync(AuditActor actor, AuditedAccess access, AuditOutcome outcome, Guid? hospitalId, CancellationToken ct);
}

/// <summary>Represents whoever does what is recorded.</summary>
/// <param name="UserId">The ID of the user; all zeros for somebody unknown and for the system.</param>
/// <param name="SessionId">The ID of the login session; all zeros for none.</param>
/// <param name="ClientId">The ID of the client program; null for a login of the user.</param>
public sealed record AuditActor(Guid UserId, ActingRole Role, Guid SessionId, string? ClientId = null)
{
    /// <summary>Represents somebody who has not logged in.</summary>
    public static readonly AuditActor Anonymous = new(Guid.Empty, ActingRole.Anonymous, Guid.Empty);

    /// <summary>Represents the system itself and the operators who run its commands.</summary>
    public static readonly AuditActor System = new(Guid.Empty, ActingRole.System, Guid.Empty);

    /// <summary>Returns the actor of an authenticated request.</summary>
    public static AuditActor Of(Caller caller) => new(caller.UserId, RoleOf(caller.Kind), caller.SessionId, caller.ClientId);

    /// <summary>Returns the role in which a kind of caller acts; <see cref="ActingRole.Anonymous"/> for none.</summary>
    public static ActingRole RoleOf(Callers kind) => Enum.TryParse<ActingRole>(kind.ToString(), out var role) ? role : ActingRole.Anonymous;
}

/// <summary>
/// Finds whose an entity is that a refused call named. It may exist nevertheless, and is then recorded in its hospital's trail. Found by its type; a service
/// without one records such calls in the trail of the caller's hospital.
/// </summary>
public interface IAuditSubjects
{
    /// <summary>Returns the hospital and the patient of what a call named; null when no visible hospital has it.</summary>
    Task<AuditSubject?> FindAsync(AuditedAccess access, CancellationToken ct);
}

/// <summary>Represents whose an entity is.</summary>
/// <param name="HospitalId">The ID of its hospital; null when it belongs to none.</param>
/// <param name="PatientId">The ID of the patient; null when it is no patient's.</param>
public sealed record AuditSubject(Guid? HospitalId, Guid? PatientId);

/// <summary>Observes the events of all services where they are kept. Found by its type.</summary>
public interface IAuditObserver
{
    /// <summary>Called when events were linked to their chains, in the same transaction: for each event once.</summary>
    Task OnLinkedAsync(IReadOnlyList<AuditEvent> events, CancellationToken ct);
}
