using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Clinical;

/// <summary>Represents a referral: it takes a patient into the care of a doctor or nurse until a day.</summary>
/// <param name="UserId">The ID of the doctor or nurse to whom the patient was referred. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
/// <param name="ReferredBy">The ID of the user who referred the patient. <example>"01980000-0000-7000-8001-000000000001"</example></param>
/// <param name="Reason">The reason; null in live events. <example>"Second opinion on the spirometry"</example></param>
/// <param name="Until">The last day, in the hospital's time zone. <example>"2027-03-31"</example></param>
/// <param name="EndsAt">
/// The instant at which the referral ends: when the last day is over, or when it was ended.
/// <example>"2027-03-31T22:00:00Z"</example>
/// </param>
/// <param name="IsActive">Whether the referral has not ended yet.</param>
public sealed record Referral(
    Guid Id,
    Guid HospitalId,
    Guid PatientId,
    Guid UserId,
    Guid ReferredBy,
    string? Reason,
    DateOnly Until,
    DateTimeOffset EndsAt,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt) : IClinicalContent
{
    /// <summary>The greatest number of days, from today, for which a patient can be referred.</summary>
    public const int MaxDays = 366;

    /// <summary>Returns the referral without its text, which can tell something about the patient's health.</summary>
    public Referral WithoutContent() => this with { Reason = null };
}

/// <summary>
/// Lists referrals, the latest first. Patients see those of themselves and, with patient_id, those of a patient for whom they act if they see all of theirs;
/// doctors and nurses see those that concern or were made by them, and administrators all of their hospital.
/// </summary>
/// <param name="PatientId">The ID of the patient whose referrals are listed.</param>
/// <param name="UserId">The ID of the doctor or nurse to whom the patients were referred. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
[Tool("list_referrals", Effect.Read, Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Patient)]
public sealed record ListReferrals(Guid? PatientId = null, Guid? UserId = null) : PagedTool<Referral>;

/// <summary>
/// Refers a patient to a doctor or nurse, who then sees the patient's clinical content, restricted records included, until a day. Doctors refer the patients
/// who have or had a visit with them; administrators refer any.
/// </summary>
/// <param name="UserId">The ID of the doctor or nurse: a person, other than yourself. <example>"01980000-0000-7000-8001-00000000000a"</example></param>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="Until">The last day, in the hospital's time zone: today or later, and at most 366 days ahead.</param>
/// <param name="Reason">The reason.</param>
[Tool("create_referral", Effect.Create, Callers.HospitalAdmin | Callers.Doctor)]
public sealed record CreateReferral(
    Guid UserId,
    Guid PatientId,
    DateOnly Until,
    [property: Length(1, 500), Multiline] string Reason) : ITool<Referral>;

/// <summary>
/// Ends a referral at once; one that has ended stays unchanged. Doctors end the referrals that they made, administrators any.
/// </summary>
/// <param name="ReferralId">The ID of the referral.</param>
/// <param name="ExpectedVersion">The expected version of the referral; the change is rejected if the referral is no longer at this version.</param>
[Tool("end_referral", Effect.Update, Callers.HospitalAdmin | Callers.Doctor)]
public sealed record EndReferral(Guid ReferralId, [property: NotAField] long? ExpectedVersion = null) : ITool<Referral>;

/// <summary>Represents the event that a patient was referred to a doctor or nurse. It does not include the reason.</summary>
/// <param name="RepresentativeUserIds">The guardians and proxies of the patient who receive the live event; null in events of earlier versions.</param>
[LiveResource("referrals", Callers = Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Patient)]
public sealed record ReferralCreated(Referral Referral, IReadOnlyList<Guid>? RepresentativeUserIds = null)
    : IntegrationEvent(Referral.HospitalId, Referral.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Change.Created, Referral.WithoutContent(),
            new(Callers.HospitalAdmin, Referral.PatientId, [Referral.UserId, Referral.ReferredBy, .. RepresentativeUserIds ?? []]));
}
