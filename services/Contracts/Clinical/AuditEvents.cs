using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>
/// Something that tells of a patient's health. Every tool that answers it, however deep inside its answer, records in the audit trail whose it showed or
/// changed and who asked: the record being this is all that takes.
/// </summary>
public interface IClinicalContent
{
    Guid Id { get; }
    Guid HospitalId { get; }
    Guid PatientId { get; }
    long Version { get; }
}

/// <summary>Allows the kinds of things that accesses are recorded of.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AuditedResourceAttribute : AllowedValuesAttribute
{
    public AuditedResourceAttribute() : base("appointments", "medical_records", "treatments", null) => ErrorMessage = "must be appointments, medical_records or treatments";
}

/// <summary>What became of an access: carried out, answered once more from an idempotency key, or refused.</summary>
public enum AuditOutcome { Done, Replayed, Forbidden, Missing, Invalid, Conflict }

/// <summary>As what somebody acted: the column of the role matrix that they stood in.</summary>
public enum ActingRole { Platform, HospitalAdmin, Doctor, Nurse, Patient }

/// <summary>
/// That somebody saw or changed clinical content of one patient, or tried to; never what it says. A call that showed several patients' is one event for each.
/// </summary>
/// <param name="HospitalId">Whose trail it stands in; none when it concerns no hospital.</param>
/// <param name="UserId">Who.</param>
/// <param name="UserName">What they are called now; none for the platform's administrators.</param>
/// <param name="Role">As what they acted.</param>
/// <param name="SessionId">The login by which they did. Not shown to patients.</param>
/// <param name="Action">The tool that was called, or <c>resources/{name}</c> for a resource that was read by its path.</param>
/// <param name="Resource">What kind of thing: <c>medical_records</c>, <c>treatments</c> or <c>appointments</c>.</param>
/// <param name="ResourceId">The one that was seen, changed or asked for, when it was one.</param>
/// <param name="ResourceIds">Those that a list showed, when there were several.</param>
/// <param name="ResourceVersion">At which version, when it was one at one version.</param>
/// <param name="PatientId">Whose; the one that was asked for, when nothing was found.</param>
/// <param name="Rows">How many entries were shown or changed.</param>
/// <param name="ClientAddress">The address that the call came from, as the gateway saw it. Not shown to patients.</param>
/// <param name="PeerAddress">
/// Who handed the call to the service and so vouches for the former: a gateway, unless somebody inside the network went past it. Not shown to patients.
/// </param>
/// <param name="RequestId">The label under which the call stands in answers and logs; clients may choose it. Not shown to patients.</param>
/// <param name="TraceId">The trace that the call belongs to, whose id no client can choose. Not shown to patients.</param>
/// <param name="CreatedAt">When.</param>
[Resource("audit_events", Callers.Admins | Callers.Patient)]
public sealed record AuditEvent(
    Guid Id,
    Guid? HospitalId,
    Guid UserId,
    string? UserName,
    ActingRole Role,
    Guid? SessionId,
    string Action,
    string Resource,
    Guid? ResourceId,
    IReadOnlyList<Guid>? ResourceIds,
    long? ResourceVersion,
    Guid? PatientId,
    int Rows,
    AuditOutcome Outcome,
    string? ClientAddress,
    string? PeerAddress,
    string? RequestId,
    string? TraceId,
    DateTimeOffset CreatedAt);

/// <summary>
/// Tells who saw, changed or tried to see or change clinical content, the latest first. Patients learn who did with their own; a hospital's administrators with that of
/// their hospital.
/// </summary>
/// <param name="PatientId">Whose content.</param>
/// <param name="UserId">Who saw or changed it.</param>
/// <param name="Resource">What kind of thing.</param>
/// <param name="ResourceId">The one thing, also where a list showed it among others.</param>
/// <param name="Action">The tool that was called.</param>
/// <param name="DateFrom">On this day, by the clocks of the hospital, or later; of UTC for the platform's administrators.</param>
/// <param name="DateTo">On this day or earlier.</param>
[Tool("list_audit_events", Effect.Read, Callers.Admins | Callers.Patient)]
public sealed record ListAuditEvents(
    Guid? PatientId = null,
    Guid? UserId = null,
    [property: AuditedResource] string? Resource = null,
    Guid? ResourceId = null,
    [property: Length(1, 100)] string? Action = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<AuditEvent>;
