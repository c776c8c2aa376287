using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Identity;

/// <summary>A patient. The id is their user's id.</summary>
[Resource("patients", Callers.Everyone)]
public sealed record Patient(
    Guid Id,
    Guid HospitalId,
    string Email,
    string FirstName,
    string LastName,
    string? PhoneNumber,
    DateOnly? DateOfBirth,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Lists the patients that you may see, by last name. Patients see themselves alone.</summary>
/// <param name="HospitalId">Only those of this hospital.</param>
/// <param name="Search">Words that the first name, last name or e-mail address must have, all of them, in any order: one or two letters from the beginning of a word, more anywhere. Case and accents make no difference.</param>
/// <param name="DateOfBirth">Only those born on this day.</param>
/// <param name="IsActive">Those in use unless given; null for all.</param>
[Tool("list_patients", Effect.Read, Callers.Everyone)]
public sealed record ListPatients(
    Guid? HospitalId = null,
    [property: MaxLength(200)] string? Search = null,
    DateOnly? DateOfBirth = null,
    bool? IsActive = true) : PagedTool<Patient>;

/// <summary>Shows one patient. Patients may ask for themselves.</summary>
[Tool("get_patient", Effect.Read, Callers.Everyone)]
public sealed record GetPatient(Guid PatientId) : ITool<Patient>;

/// <summary>A patient was registered.</summary>
public sealed record PatientRegistered(Patient Patient) : IntegrationEvent(Patient.HospitalId, Patient.Version)
{
    public override LiveUpdate LiveUpdate => new("patients", Change.Created, Patient, new(Callers.Staff, Patient.Id), AdditionalEventName: "patient_registered");
}

/// <summary>What is known of a patient changed.</summary>
public sealed record PatientUpdated(Patient Patient) : IntegrationEvent(Patient.HospitalId, Patient.Version)
{
    public override LiveUpdate LiveUpdate =>
        new("patients", Patient.IsActive ? Change.Updated : Change.Deleted, Patient, new(Callers.Staff, Patient.Id));
}
