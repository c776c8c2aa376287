using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>
/// Represents content about a patient's health. Every tool whose result contains such content, at any depth, records in the audit trail whose content was shown
/// or changed and which user asked. Implementing this interface is all that this requires.
/// </summary>
public interface IClinicalContent
{
    Guid Id { get; }
    Guid HospitalId { get; }
    Guid PatientId { get; }
    long Version { get; }
}

/// <summary>Allows only the names of resources whose accesses are recorded.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AuditedResourceAttribute : AllowedValuesAttribute
{
    public AuditedResourceAttribute() : base("appointments", "emergency_overrides", "medical_records", "referrals", "treatments", null) =>
        ErrorMessage = "must be appointments, emergency_overrides, medical_records, referrals or treatments";
}

/// <summary>Specifies the outcome of an access: carried out, answered again from an idempotency key, or refused.</summary>
public enum AuditOutcome { Done, Replayed, Forbidden, Missing, Invalid, Conflict }

/// <summary>Specifies the role in which a user acted: a column of the role matrix.</summary>
public enum ActingRole { Platform, HospitalAdmin, Doctor, Nurse, Patient, Receptionist }

/// <summary>
/// Represents a user's access, or attempted access, to the clinical content of one patient; the content itself is never included. A call that showed the
/// content of several patients is recorded as one event for each patient.
/// </summary>
/// <param name="HospitalId">The ID of the hospital whose audit trail contains the event; null when it concerns no hospital.</param>
/// <param name="UserId">The ID of the user who made the access. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
/// <param name="UserName">The user's current name; null for platform administrators. <example>"Katrin Vogel"</example></param>
/// <param name="Role">The role in which the user acted. <example>"DOCTOR"</example></param>
/// <param name="SessionId">The ID of the login session that was used. Not shown to patients.</param>
/// <param name="Action">
/// The tool that was called, or <c>resources/{name}</c> for a resource that was read by its path.
/// <example>"get_medical_record"</example>
/// </param>
/// <param name="Resource">
/// The kind of content: <c>medical_records</c>, <c>treatments</c>, <c>appointments</c>, <c>referrals</c> or <c>emergency_overrides</c>.
/// <example>"medical_records"</example>
/// </param>
/// <param name="ResourceId">The ID of the entry that was seen, changed or requested, when it was a single one.</param>
/// <param name="ResourceIds">The IDs of the entries that a list showed, when there were several.</param>
/// <param name="ResourceVersion">The version of the entry, when it was a single entry at one version.</param>
/// <param name="PatientId">The ID of the patient whose content it is; if nothing was found, of the patient who was requested.</param>
/// <param name="Rows">The number of entries that were shown or changed.</param>
/// <param name="ClientAddress">The address from which the call came, as the gateway saw it. Not shown to patients. <example>"192.0.2.14"</example></param>
/// <param name="PeerAddress">
/// The address that passed the call to the service and so vouches for client_address: a gateway, unless a client inside the network bypassed it. Not shown to
/// patients.
/// <example>"10.0.3.7"</example>
/// </param>
/// <param name="RequestId">The ID of the call in responses and logs, which clients may choose. Not shown to patients.</param>
/// <param name="TraceId">The ID of the trace to which the call belongs, which no client can choose. Not shown to patients.</param>
/// <param name="CreatedAt">The time of the access.</param>
/// <param name="ClientId">The ID of the client program to which the token was issued; null for a login of the user.</param>
/// <param name="Model">
/// The language model that made the access on behalf of the user, in a chat; null for an access by the user or a client program.
/// <example>"gpt-4o-mini"</example>
/// </param>
/// <param name="EmergencyOverrideId">
/// The ID of the emergency override of the user for this patient that was in force, or had ended less than 30 seconds before; null when there was none.
/// <example>null</example>
/// </param>
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
    DateTimeOffset CreatedAt,
    string? ClientId,
    string? Model,
    Guid? EmergencyOverrideId);

/// <summary>
/// Lists accesses to clinical content, the latest first: who saw or changed it, or tried to. Patients see accesses to their own content; a hospital's
/// administrators see accesses to the content of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose content was accessed.</param>
/// <param name="UserId">The ID of the user who saw or changed the content. <example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="Resource">The kind of content.</param>
/// <param name="ResourceId">The ID of one entry, also where a list showed it among others.</param>
/// <param name="Action">The tool that was called.</param>
/// <param name="DateFrom">The first day of the events, in the hospital's time zone; in UTC for platform administrators. <example>"2026-01-01"</example></param>
/// <param name="DateTo">The last day of the events, inclusive. <example>"2027-12-31"</example></param>
[Tool("list_audit_events", Effect.Read, Callers.Admins | Callers.Patient)]
public sealed record ListAuditEvents(
    Guid? PatientId = null,
    Guid? UserId = null,
    [property: AuditedResource] string? Resource = null,
    Guid? ResourceId = null,
    [property: Length(1, 100)] string? Action = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null) : PagedTool<AuditEvent>;
