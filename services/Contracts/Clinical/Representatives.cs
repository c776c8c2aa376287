using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Specifies why somebody acts for a patient.</summary>
public enum RepresentativeKind
{
    /// <summary>Somebody who decides for the patient by law, such as a parent or a legal guardian.</summary>
    Guardian,
    /// <summary>Somebody whom the patient has asked to act for them.</summary>
    Proxy,
}

/// <summary>Represents that a user with the role of a patient acts for another patient, as a guardian or proxy, until a day.</summary>
/// <param name="PatientName">The present name of the patient; null in live events. <example>"Miriam Schubert"</example></param>
/// <param name="UserId">The ID of the user who acts for the patient. <example>"01980000-0000-7000-8001-000000000029"</example></param>
/// <param name="UserName">The present name of the user; null in live events. <example>"Jonas Schubert"</example></param>
/// <param name="SeesRestricted">
/// Whether the user also sees the patient's restricted records, referrals, emergency overrides and audit trail.
/// <example>true</example>
/// </param>
/// <param name="Reason">The reason; null for receptionists and in live events. <example>"Custody order of the family court"</example></param>
/// <param name="Until">The last day, in the hospital's time zone. <example>"2027-03-31"</example></param>
/// <param name="EndsAt">
/// The instant at which the relation ends: when the last day is over, or when it was ended.
/// <example>"2027-03-31T22:00:00Z"</example>
/// </param>
/// <param name="IsActive">Whether the relation has not ended yet.</param>
/// <param name="RegisteredBy">The ID of the user who registered the relation. <example>"01980000-0000-7000-8001-000000000001"</example></param>
/// <param name="EndedBy">The ID of the user who ended the relation before its time; null when nobody did. <example>null</example></param>
public sealed record Representative(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    string? PatientName,
    Guid UserId,
    string? UserName,
    RepresentativeKind Kind,
    bool SeesRestricted,
    string? Reason,
    DateOnly Until,
    DateTimeOffset EndsAt,
    bool IsActive,
    Guid RegisteredBy,
    Guid? EndedBy,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt) : IClinicalContent
{
    /// <summary>The greatest number of years, from today, for which somebody acts for a patient: until a child is of age.</summary>
    public const int MaxYears = 18;

    /// <summary>The maximum number of patients for whom a user acts at once.</summary>
    public const int MaxPatients = 20;

    /// <summary>The greatest number of guardians and proxies whom a live event of a patient names. Further ones learn of a change when they read.</summary>
    public const int MaxNotified = 100;

    /// <summary>Returns the relation without its reason, which can tell something about the patient's health.</summary>
    public Representative WithoutReason() => this with { Reason = null };

    /// <summary>Returns the relation without any text.</summary>
    public Representative WithoutTexts() => this with { PatientName = null, UserName = null, Reason = null };
}

/// <summary>
/// Lists who acts for whom, or did, the latest first. Patients see who acts for them and for whom they act; staff see all of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose guardians and proxies are listed.</param>
/// <param name="UserId">The ID of the user who acts for them. <example>"01980000-0000-7000-8001-000000000028"</example></param>
[Tool("list_representatives", Effect.Read, Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Receptionist | Callers.Patient)]
public sealed record ListRepresentatives(Guid? PatientId = null, Guid? UserId = null) : PagedTool<Representative>;

/// <summary>
/// Registers a user with the role of a patient as the guardian or proxy of another patient, until a day. With the ID of that patient, the user then reads the
/// patient's data, appointments, records and treatments, and books, reschedules and cancels for the patient. The patient, the user and the administrators are
/// told. Check the identity and the papers of both before.
/// </summary>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="UserId">The ID of the user who acts for the patient, another patient. <example>"01980000-0000-7000-8001-000000000029"</example></param>
/// <param name="Kind">Why the user acts for the patient.</param>
/// <param name="Until">The last day, in the hospital's time zone: today or later, and at most 18 years ahead.</param>
/// <param name="Reason">The reason, such as the paper that shows it.</param>
/// <param name="SeesRestricted">
/// Whether the user also sees the patient's restricted records, referrals, emergency overrides and audit trail; by default true for a guardian and false for a
/// proxy.
/// </param>
[Tool("create_representative", Effect.Create, Callers.HospitalAdmin, RequiresStepUp = true)]
public sealed record CreateRepresentative(
    Guid PatientId,
    Guid UserId,
    RepresentativeKind Kind,
    DateOnly Until,
    [property: Length(1, 500), Multiline] string Reason,
    bool? SeesRestricted = null) : ITool<Representative>;

/// <summary>
/// Ends that somebody acts for a patient, at once; a relation that has ended stays unchanged. Staff end any. Patients end that they act for somebody, and that
/// a proxy acts for them.
/// </summary>
/// <param name="RepresentativeId">The ID of the relation.</param>
/// <param name="ExpectedVersion">The expected version of the relation; the change is rejected if the relation is no longer at this version.</param>
[Tool("end_representative", Effect.Update, Callers.HospitalAdmin | Callers.Receptionist | Callers.Patient)]
public sealed record EndRepresentative(Guid RepresentativeId, [property: NotAField] long? ExpectedVersion = null) : ITool<Representative>;

/// <summary>Represents the event that somebody was registered as the guardian or proxy of a patient. It contains no text.</summary>
/// <param name="NotifiedUserIds">The users whom the access policy names to be told, besides the administrators and those concerned.</param>
[LiveResource("representatives", Callers = Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Patient)]
public sealed record RepresentativeCreated(Representative Representative, IReadOnlyList<Guid> NotifiedUserIds)
    : IntegrationEvent(Representative.HospitalId, Representative.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Representative.WithoutTexts(),
        new(Callers.HospitalAdmin, Representative.PatientId, [Representative.UserId, .. NotifiedUserIds]));
}

/// <summary>Represents the event that it was ended, before its time, that somebody acts for a patient. It contains no text.</summary>
/// <param name="NotifiedUserIds">The users whom the access policy names to be told, besides the administrators and those concerned.</param>
[LiveResource("representatives", Callers = Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Patient)]
public sealed record RepresentativeEnded(Representative Representative, IReadOnlyList<Guid> NotifiedUserIds)
    : IntegrationEvent(Representative.HospitalId, Representative.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Representative.WithoutTexts(),
        new(Callers.HospitalAdmin, Representative.PatientId, [Representative.UserId, .. NotifiedUserIds]));
}
