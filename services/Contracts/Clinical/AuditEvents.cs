using System.ComponentModel.DataAnnotations;
using System.Text.Json;

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
    /// <summary>The names. They follow from the contracts and from what services record besides tools; a test compares them.</summary>
    internal static readonly string[] Names =
    [
        "access_policies", "api_keys", "appointments", "audit_events", "chat_calls", "chat_policies", "clients", "correction_requests", "data_keys",
        "departments", "doctor_performance", "doctors", "emergency_overrides", "exports", "hospitals", "identity_providers", "invoices", "medical_records",
        "patient_merges", "patients", "prompt_sessions", "referrals", "representatives", "schedules", "service_accounts", "sessions", "sign_in_policies",
        "signing_keys", "specialties", "subscriptions", "treatments", "users",
    ];

    public AuditedResourceAttribute() : base([.. Names, null]) => ErrorMessage = $"must be one of {string.Join(", ", Names)}";
}

/// <summary>Specifies what an access was about.</summary>
public enum AuditKind
{
    /// <summary>Medical records, treatments and appointments were read or changed.</summary>
    Clinical,
    /// <summary>Data about users, patients or doctors was read.</summary>
    Demographic,
    /// <summary>An account was created or changed, or its password was set.</summary>
    Account,
    /// <summary>Somebody logged in or out, failed to, or changed or used what they log in with.</summary>
    Session,
    /// <summary>Hospitals, departments, policies, providers, service accounts, keys or subscriptions were managed.</summary>
    Administration,
    /// <summary>A guided prompt was used.</summary>
    Prompt,
    /// <summary>A chat with the model was used.</summary>
    Chat,
    /// <summary>The audit trail itself was read.</summary>
    Audit,
}

/// <summary>Specifies the outcome of an access: carried out, answered again from an idempotency key, or refused.</summary>
public enum AuditOutcome { Done, Replayed, Forbidden, Missing, Invalid, Conflict }

/// <summary>
/// Specifies the role in which somebody acted: a column of the role matrix, or somebody who has not logged in, or the system itself with its operators.
/// </summary>
public enum ActingRole { Platform, HospitalAdmin, Doctor, Nurse, Patient, Receptionist, Anonymous, System }

/// <summary>
/// Represents an access or an attempted one, or something else that was done; the content itself is never included. A call that showed data of several
/// patients is recorded as one event for each patient.
/// </summary>
/// <param name="HospitalId">The ID of the hospital whose audit trail contains the event; null when it concerns no hospital.</param>
/// <param name="UserId">
/// The ID of the user who acted; null for somebody who has not logged in, and for the system.
/// <example>"01980000-0000-7000-8001-00000000000a"</example>
/// </param>
/// <param name="UserName">The user's current name; null for platform administrators. <example>"Katrin Vogel"</example></param>
/// <param name="Role">The role in which the user acted. <example>"DOCTOR"</example></param>
/// <param name="SessionId">The ID of the login session that was used; null for none. Not shown to patients.</param>
/// <param name="Action">
/// The tool that was called, <c>resources/{name}</c> for a resource that was read by its path, or the name of what was done otherwise, such as <c>log_in</c>.
/// <example>"get_medical_record"</example>
/// </param>
/// <param name="Resource">The resource to which the entries belong. <example>"medical_records"</example></param>
/// <param name="ResourceId">The ID of the entry that was seen, changed or requested, when it was a single one.</param>
/// <param name="ResourceIds">The IDs of the entries that a list showed, when there were several.</param>
/// <param name="ResourceVersion">The version of the entry, when it was a single entry at one version.</param>
/// <param name="PatientId">The ID of the patient whose data it is; if nothing was found, of the patient who was requested.</param>
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
/// <param name="Kind">What the access was about. <example>"CLINICAL"</example></param>
/// <param name="Fields">
/// The names of the parameters that a change of an account or of the administration gave, without their values; of an export of a person's or a hospital's data
/// the tables of which it showed rows; null for anything else.
/// <example>null</example>
/// </param>
/// <param name="Service">The service that recorded the event. <example>"clinical"</example></param>
/// <param name="OnBehalfOf">
/// The ID of the patient for whom the user acted, as a guardian or proxy; null when the user acted for nobody else, and when the call was refused.
/// <example>null</example>
/// </param>
[Resource("audit_events", Callers.Admins | Callers.Patient)]
[Audited(AuditKind.Audit)]
public sealed record AuditEvent(
    Guid Id,
    Guid? HospitalId,
    Guid? UserId,
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
    Guid? EmergencyOverrideId,
    AuditKind Kind,
    IReadOnlyList<string>? Fields,
    string Service,
    Guid? OnBehalfOf);

/// <summary>
/// Lists who saw or changed what, or tried to, the latest first: clinical content, data about people, accounts, logins, administration, prompts, chat and the
/// audit trail itself. Patients see what concerns their own data and, with patient_id, that of patients for whom they act if they see all of theirs; a
/// hospital's administrators see what concerns their hospital. What was done outside of appointments, records and treatments appears a few seconds later.
/// </summary>
/// <param name="PatientId">The ID of the patient whose data was accessed.</param>
/// <param name="UserId">The ID of the user who acted. <example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="Resource">The resource to which the entries belong. <example>"medical_records"</example></param>
/// <param name="ResourceId">The ID of one entry, also where a list showed it among others.</param>
/// <param name="Action">The tool that was called, or what was done otherwise.</param>
/// <param name="DateFrom">The first day of the events, in the hospital's time zone; in UTC for platform administrators. <example>"2026-01-01"</example></param>
/// <param name="DateTo">The last day of the events, inclusive. <example>"2027-12-31"</example></param>
/// <param name="Kind">What the accesses were about.</param>
[Tool("list_audit_events", Effect.Read, Callers.Admins | Callers.Patient)]
public sealed record ListAuditEvents(
    Guid? PatientId = null,
    Guid? UserId = null,
    [property: AuditedResource] string? Resource = null,
    Guid? ResourceId = null,
    [property: Length(1, 100)] string? Action = null,
    DateOnly? DateFrom = null,
    DateOnly? DateTo = null,
    AuditKind? Kind = null) : PagedTool<AuditEvent>;

/// <summary>Represents a line of the export of the audit trail.</summary>
/// <param name="Sequence">The place of the event in its hospital's chain, counted from 1 without gaps. <example>41</example></param>
/// <param name="Hash">
/// The hash of the event and of all events before it, by which the line can be compared with the chain later.
/// <example>"87253aa3854e44b89b78a28a8abb026fe18060af58501ea10fb17aa242438543"</example>
/// </param>
/// <param name="Event">The event.</param>
public sealed record ExportedAuditEvent(long Sequence, string Hash, AuditEvent Event)
{
    /// <summary>The maximum number of lines of a response.</summary>
    public const int MaxLines = 10_000;
}

/// <summary>
/// Represents the event that a service has linked audit events to its chains. Only the service that lists the events receives it, and keeps copies of them.
/// </summary>
/// <param name="Events">The audit events as their service has recorded them: a list of objects with the columns of the table.</param>
public sealed record AuditEventsRecorded(JsonElement Events) : IntegrationEvent(null, 0)
{
    /// <summary>Returns whether all events say that this service has recorded them.</summary>
    public override bool MayBeSentBy(string service) => Events.ValueKind == JsonValueKind.Array
        && Events.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty("service", out var recorder)
            && recorder.ValueKind == JsonValueKind.String && recorder.ValueEquals(service));
}
