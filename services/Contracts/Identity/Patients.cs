using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Identity;

/// <summary>Represents a patient. The ID is the patient's user ID.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="Email">The e-mail address; null for a patient who has none. <example>"patient@general.example"</example></param>
/// <param name="FirstName"><example>"Miriam"</example></param>
/// <param name="LastName"><example>"Schubert"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="DateOfBirth"><example>"1984-05-17"</example></param>
[Resource("patients", Callers.Everyone)]
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
    DateTimeOffset UpdatedAt)
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

/// <summary>Returns one patient. Patients may request only themselves.</summary>
/// <param name="PatientId">The ID of the patient.</param>
[Tool("get_patient", Effect.Read, Callers.Everyone)]
public sealed record GetPatient(Guid PatientId) : ITool<Patient>;

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
