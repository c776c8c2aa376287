namespace MedCor.Contracts.Identity;

/// <summary>A patient. The id is their user's id.</summary>
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

/// <summary>A patient was registered.</summary>
public sealed record PatientRegistered(Patient Patient) : IntegrationEvent(Patient.HospitalId, Patient.Version)
{
    public override LiveUpdate Live => new("patients", Change.Created, Patient, new(Callers.Staff, Patient.Id), AlsoAs: "patient_registered");
}
