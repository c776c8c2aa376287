using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Represents a patient. The ID is the patient's user ID.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="Email">The e-mail address; null for a patient who has none. <example>"patient@general.example"</example></param>
/// <param name="FirstName"><example>"Miriam"</example></param>
/// <param name="LastName"><example>"Schubert"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="DateOfBirth"><example>"1984-05-17"</example></param>
/// <param name="Mrn">The medical record number, unique in the hospital. <example>"4711008150"</example></param>
/// <param name="Gender"><example>"FEMALE"</example></param>
/// <param name="Language">The language to speak and write to the patient in, as a tag of BCP 47. <example>"de"</example></param>
/// <param name="Contacts">Further ways to reach the patient.</param>
/// <param name="NextOfKin">The persons who are told in an emergency.</param>
/// <param name="Identifiers">The numbers that the patient has elsewhere.</param>
/// <param name="MergedIntoId">
/// The ID of the patient into whom this duplicate was merged; null otherwise. Only lists of inactive patients contain merged ones: requests for one of them are
/// answered with the surviving patient. <example>null</example>
/// </param>
[Resource("patients", Callers.Everyone)]
[Audited(AuditKind.Demographic, Writes = AuditKind.Account)]
public sealed record Patient(
    Guid Id,
    Guid HospitalId,
    string? Email,
    string FirstName,
    string LastName,
    string? PhoneNumber,
    DateOnly? DateOfBirth,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    [property: NeverNullInResponse] string? Mrn = null,
    Gender? Gender = null,
    string? Language = null,
    PatientAddress? Address = null,
    [property: NeverNullInResponse] IReadOnlyList<PatientContact>? Contacts = null,
    [property: NeverNullInResponse] IReadOnlyList<NextOfKin>? NextOfKin = null,
    [property: NeverNullInResponse] IReadOnlyList<PatientIdentifier>? Identifiers = null,
    Guid? MergedIntoId = null)
{
    /// <summary>The error when something new is to be booked or recorded for an inactive patient.</summary>
    public const string InactiveError = "is an inactive patient";
}

/// <summary>Lists the patients that you may see, by last name. Patients see only themselves.</summary>
/// <param name="HospitalId">The ID of the hospital whose patients are listed.</param>
/// <param name="Search">
/// Search words, all of which must occur in the first name, last name or e-mail address, in any order. Words of one or two letters match the beginning of a
/// word, longer ones match anywhere. Case and accents are ignored.
/// <example>"Schubert"</example>
/// </param>
/// <param name="DateOfBirth">The date of birth of the patients that are listed.</param>
/// <param name="IsActive">Whether to list active (true) or inactive (false) patients; true by default, null for all.</param>
[Tool("list_patients", Effect.Read, Callers.Everyone)]
public sealed record ListPatients(
    Guid? HospitalId = null,
    [property: MaxLength(200)] string? Search = null,
    DateOnly? DateOfBirth = null,
    bool? IsActive = true) : PagedTool<Patient>;

/// <summary>Returns one patient. Patients may request only themselves, and patients for whom they act.</summary>
/// <param name="PatientId">The ID of the patient.</param>
[Tool("get_patient", Effect.Read, Callers.Everyone)]
public sealed record GetPatient(Guid PatientId) : ITool<Patient>;

/// <summary>
/// Finds patients of your hospital by what is known of them, active or not. They have all that is given; at least one criterion is required. At most 100
/// are found: if there are more, give a further criterion. For a duplicate that was merged, the surviving patient is found.
/// </summary>
/// <param name="Search">
/// Words of the name, in any order. Case and accents are ignored, and each word can be the beginning of one. If nobody is called so, names are found that
/// differ by a typing error.
/// <example>"Schubert"</example>
/// </param>
/// <param name="Mrn">The medical record number, in any case.</param>
/// <param name="DateOfBirth">The date of birth.</param>
/// <param name="PhoneNumber">
/// A phone number of the patient in any form, with or without the prefixes of the country and the city; or the last digits of one.
/// </param>
[Tool("find_patients", Effect.Read, Callers.HospitalAdmin | Callers.Doctor | Callers.Nurse | Callers.Receptionist, ExampleParameter = "search")]
public sealed record FindPatients(
    [property: MaxLength(200)] string? Search = null,
    [property: MaxLength(DemographicLimits.MaxMrnLength)] string? Mrn = null,
    DateOnly? DateOfBirth = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null) : PagedTool<Patient>;

/// <summary>Represents the event that a patient was registered.</summary>
[LiveResource("patients")]
[NamedLiveEvent("patient_registered", typeof(Patient), "a patient was registered")]
public sealed record PatientRegistered(Patient Patient) : IntegrationEvent(Patient.HospitalId, Patient.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Patient, new(Callers.Staff, Patient.Id));
}

/// <summary>Represents the event that a patient's data changed.</summary>
[LiveResource("patients")]
public sealed record PatientUpdated(Patient Patient) : IntegrationEvent(Patient.HospitalId, Patient.Version)
{
    public override LiveUpdate LiveUpdate =>
        new(Patient.IsActive ? Change.Updated : Change.Deleted, Patient, new(Callers.Staff, Patient.Id));
}
