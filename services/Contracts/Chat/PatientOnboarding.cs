using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Identity;

namespace MedCor.Contracts.Chat;

/// <summary>What may be known before a patient is received.</summary>
/// <param name="HospitalId">Your own hospital unless given.</param>
/// <param name="ReferralSource">How the patient came to the hospital, such as website.</param>
public sealed record OnboardingStart(Guid? HospitalId = null, [property: MaxLength(200)] string? ReferralSource = null) : IPromptInitialData;

/// <summary>Who the patient is.</summary>
/// <param name="Email">What they will log in with.</param>
public sealed record BasicInformation(
    [property: Length(1, 100)] string FirstName,
    [property: Length(1, 100)] string LastName,
    [property: EmailAddress, MaxLength(254)] string Email,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: PastDate] DateOnly? DateOfBirth = null);

/// <summary>What the patient tells of their health. Whatever is not given was not told.</summary>
/// <param name="Conditions">Illnesses they have or had.</param>
/// <param name="Medications">What they take at present.</param>
/// <param name="FamilyHistory">Illnesses in the family.</param>
public sealed record MedicalHistory(
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Conditions = null,
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Allergies = null,
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Medications = null,
    [property: UniqueItems, MaxLength(20), EachElementLength(1, 100)] IReadOnlyList<string>? Surgeries = null,
    [property: MaxLength(1000), Multiline] string? FamilyHistory = null,
    [property: MaxLength(1000), Multiline] string? Notes = null);

/// <summary>Who pays for the treatment; nothing when nobody else does.</summary>
/// <param name="PolicyNumber">Needed when there is a provider.</param>
/// <param name="ValidUntil">The last day it holds; not before today by the hospital's clocks.</param>
public sealed record Insurance(
    [property: MaxLength(200)] string? Provider = null,
    [property: MaxLength(100)] string? PolicyNumber = null,
    [property: MaxLength(100)] string? GroupNumber = null,
    [property: PlausibleDate] DateOnly? ValidUntil = null);

/// <summary>What the patient agrees to. Without the first two nobody can be treated here.</summary>
/// <param name="Treatment">To be examined and treated.</param>
/// <param name="DataProcessing">That the hospital keeps records about them.</param>
/// <param name="ShareWithInsurer">That the insurer is told what it needs to pay.</param>
/// <param name="Reminders">To be reminded of visits.</param>
/// <param name="Research">That their data, without their name, serves research.</param>
public sealed record Consents(bool Treatment, bool DataProcessing, bool ShareWithInsurer = false, bool Reminders = false, bool Research = false);

/// <summary>The patient's first password. It goes to the account alone and is not remembered with what else was answered.</summary>
/// <param name="Password">By the rules of create_user; to be chosen by the patient.</param>
/// <param name="Email">Another e-mail address, when the one that was given belongs to somebody else already.</param>
public sealed record CreateAccount([property: Opaque, Length(8, 128)] string Password, [property: EmailAddress, MaxLength(254)] string? Email = null);

/// <summary>The first visit; nothing when none is wanted now.</summary>
/// <param name="DoctorId">Alone, offers this doctor's free times.</param>
/// <param name="AppointmentDate">With a doctor alone, offers the free times from this day on.</param>
/// <param name="Reason">Why the patient comes; a first visit unless given.</param>
public sealed record ScheduleFirstVisit(
    Guid? DoctorId = null,
    DateOnly? AppointmentDate = null,
    TimeOnly? AppointmentTime = null,
    [property: Length(1, 500), Multiline] string? Reason = null);
