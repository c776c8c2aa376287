using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Represents an emergency override: a user has opened the clinical content of a patient for some minutes, by break_glass.</summary>
/// <param name="UserId">The ID of the user. <example>"01980000-0000-7000-8001-000000000002"</example></param>
/// <param name="Reason">The reason; null in live events. <example>"Unconscious in the emergency room"</example></param>
/// <param name="Minutes">The requested time, in minutes. <example>30</example></param>
/// <param name="EndsAt">The instant from which the content is closed again. <example>"2027-03-01T13:30:00Z"</example></param>
/// <param name="IsActive">Whether the content is still open.</param>
/// <param name="IsReviewed">Whether an administrator has reviewed the override. <example>false</example></param>
/// <param name="IsJustified">Whether the reviewer finds the override justified; null until it is reviewed. <example>null</example></param>
/// <param name="ReviewedBy">The ID of the administrator who reviewed it. <example>null</example></param>
/// <param name="ReviewedAt">The time of the review. <example>null</example></param>
/// <param name="ReviewComment">The reviewer's comment. <example>null</example></param>
public sealed record EmergencyOverride(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    Guid UserId,
    string? Reason,
    int Minutes,
    DateTimeOffset EndsAt,
    bool IsActive,
    bool IsReviewed,
    bool? IsJustified,
    Guid? ReviewedBy,
    DateTimeOffset? ReviewedAt,
    string? ReviewComment,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt) : IClinicalContent
{
    /// <summary>The shortest and the longest time for which a patient's content can be opened, in minutes.</summary>
    public const int MinMinutes = 5, MaxMinutes = 240;

    /// <summary>The greatest number of patients whose content one user can have open at once.</summary>
    public const int MaxOpenPatients = 20;

    /// <summary>Returns the override without its texts, which can tell something about the patient's health.</summary>
    public EmergencyOverride WithoutContent() => this with { Reason = null, ReviewComment = null };
}

/// <summary>
/// Opens a patient's clinical content to you for some minutes, in an emergency. The administrators of the hospital and the patient are told at once and see the
/// reason, every access is recorded as one under this override, and an administrator reviews it. You can read everything and add records, but not change the
/// records and treatments that you see only because of it.
/// </summary>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="Reason">The reason, which the administrators and the patient read.</param>
/// <param name="Minutes">For how many minutes, from 5 to 240.</param>
[Tool("break_glass", Effect.Create, Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse)]
public sealed record BreakGlass(
    Guid PatientId,
    [property: Length(1, 500), Multiline] string Reason,
    [property: Range(EmergencyOverride.MinMinutes, EmergencyOverride.MaxMinutes)] int Minutes = 30) : ITool<EmergencyOverride>;

/// <summary>
/// Lists emergency overrides, the latest first. Patients see those of their own content and, with patient_id, of that of a patient for whom they act if they
/// see all of theirs; doctors and nurses see their own, and administrators and the users whom the access policy names all of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose content was opened.</param>
/// <param name="UserId">The ID of the user who opened it. <example>"01980000-0000-7000-8001-000000000002"</example></param>
/// <param name="IsReviewed">Whether to list only reviewed (true) or only other (false) overrides; both by default.</param>
[Tool("list_emergency_overrides", Effect.Read, Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Patient)]
public sealed record ListEmergencyOverrides(Guid? PatientId = null, Guid? UserId = null, bool? IsReviewed = null) : PagedTool<EmergencyOverride>;

/// <summary>
/// Reviews an emergency override of somebody else. One that is not justified ends at once, and so do all others of the user for that patient. A later review
/// replaces the earlier one.
/// </summary>
/// <param name="EmergencyOverrideId">The ID of the emergency override.</param>
/// <param name="IsJustified">Whether the override was justified. <example>true</example></param>
/// <param name="Comment">A comment, which the user and the patient read. <example>"Confirmed by the emergency room."</example></param>
/// <param name="ExpectedVersion">The expected version of the override; the change is rejected if the override is no longer at this version.</param>
[Tool("review_emergency_override", Effect.Update, Callers.HospitalAdmin)]
public sealed record ReviewEmergencyOverride(
    Guid EmergencyOverrideId,
    bool IsJustified,
    [property: MaxLength(500), Multiline, NotAField] string? Comment = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<EmergencyOverride>;

/// <summary>Represents the event that a user has opened the clinical content of a patient in an emergency. It does not include the reason.</summary>
/// <param name="NotifiedUserIds">The users who are told, besides the administrators, the patient and the user.</param>
[LiveResource("emergency_overrides", Callers = Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Patient)]
[NamedLiveEvent("emergency_override_began", typeof(EmergencyOverride), "a user has opened the clinical content of a patient in an emergency")]
public sealed record EmergencyOverrideBegan(EmergencyOverride Override, IReadOnlyList<Guid> NotifiedUserIds)
    : IntegrationEvent(Override.HospitalId, Override.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Change.Created, Override.WithoutContent(), new(Callers.HospitalAdmin, Override.PatientId, [Override.UserId, .. NotifiedUserIds]));
}

/// <summary>Represents the event that an administrator has reviewed an emergency override, or ended it by the review of another. It has no comment.</summary>
/// <param name="NotifiedUserIds">The users who are told, besides the administrators, the patient and the user.</param>
[LiveResource("emergency_overrides", Callers = Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Patient)]
public sealed record EmergencyOverrideReviewed(EmergencyOverride Override, IReadOnlyList<Guid> NotifiedUserIds)
    : IntegrationEvent(Override.HospitalId, Override.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Change.Updated, Override.WithoutContent(), new(Callers.HospitalAdmin, Override.PatientId, [Override.UserId, .. NotifiedUserIds]));
}
