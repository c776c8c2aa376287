using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Identity;

namespace MedCor.Contracts.Chat;

/// <summary>Represents the initial data of an onboarding.</summary>
/// <param name="HospitalId">The ID of the hospital; your own by default.</param>
/// <param name="ReferralSource">How the patient came to the hospital, such as website.</param>
public sealed record OnboardingStart(Guid? HospitalId = null, [property: MaxLength(200)] string? ReferralSource = null) : IPromptInitialData;

/// <summary>Represents the personal data of the patient.</summary>
/// <param name="Email">The e-mail address with which the patient will log in. Leave it out for a patient who does not log in.</param>
public sealed record BasicInformation(
    [property: Length(1, 100)] string FirstName,
    [property: Length(1, 100)] string LastName,
    [property: EmailAddress, MaxLength(254)] string? Email = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: PastDate] DateOnly? DateOfBirth = null);

/// <summary>Represents the medical history as the patient reports it. Omitted fields were not reported.</summary>
/// <param name="Conditions">Current and former illnesses.</param>
/// <param name="Medications">Current medications.</param>
/// <param name="FamilyHistory">Illnesses in the family.</param>
public sealed record MedicalHistory(
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Conditions = null,
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Allergies = null,
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Medications = null,
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Surgeries = null,
    [property: MaxLength(1000), Multiline] string? FamilyHistory = null,
    [property: MaxLength(1000), Multiline] string? Notes = null);

/// <summary>Represents the insurance that pays for the treatment. Leave out all fields when there is none.</summary>
/// <param name="PolicyNumber">The policy number. Required when a provider is given.</param>
/// <param name="ValidUntil">
/// The last day on which the insurance is valid, in the hospital's time zone; not before today, and at most ten years ahead. Leave it out for an insurance
/// without an end.
/// </param>
public sealed record Insurance(
    [property: MaxLength(200)] string? Provider = null,
    [property: MaxLength(100)] string? PolicyNumber = null,
    [property: MaxLength(100)] string? GroupNumber = null,
    [property: PlannedDate] DateOnly? ValidUntil = null);

/// <summary>Represents the patient's consents. The first two are required for treatment at the hospital.</summary>
/// <param name="Treatment">Consent to examination and treatment.</param>
/// <param name="DataProcessing">Consent to the hospital keeping records about the patient.</param>
/// <param name="ShareWithInsurer">Consent to giving the insurer the information that it needs to pay.</param>
/// <param name="Reminders">Consent to reminders of appointments.</param>
/// <param name="Research">Consent to the use of the patient's data, without the name, for research.</param>
public sealed record Consents(bool Treatment, bool DataProcessing, bool ShareWithInsurer = false, bool Reminders = false, bool Research = false);

/// <summary>Opens the patient's account.</summary>
/// <param name="Password">
/// The password, by the rules of create_user, chosen by the patient. It is passed only to the account and not stored with the other answers. Leave it out to
/// let the patient choose one by the link in a mail, and for a patient without an e-mail address.
/// </param>
/// <param name="Email">Another e-mail address, if the one that was given already belongs to another user.</param>
public sealed record CreateAccount([property: Opaque, Length(8, 128)] string? Password = null, [property: EmailAddress, MaxLength(254)] string? Email = null);

/// <summary>Books the first visit. Leave out all fields when none is wanted now.</summary>
/// <param name="DoctorId">The ID of the doctor. Given alone, it returns this doctor's free times.</param>
/// <param name="AppointmentDate">The date. Given with only a doctor, it returns the free times from this day on.</param>
/// <param name="AppointmentTime">The time at which the appointment begins, in the hospital's time zone.</param>
/// <param name="Reason">The reason for the visit; a first visit by default.</param>
public sealed record ScheduleFirstVisit(
    Guid? DoctorId = null,
    DateOnly? AppointmentDate = null,
    TimeOnly? AppointmentTime = null,
    [property: Length(1, 500), Multiline] string? Reason = null);
