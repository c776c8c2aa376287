namespace MedCor.Contracts.Identity;

/// <summary>A doctor. The id is their user's id.</summary>
/// <param name="IsAvailable">Whether they take appointments at present.</param>
public sealed record Doctor(
    Guid Id,
    Guid HospitalId,
    string Email,
    string FirstName,
    string LastName,
    string? PhoneNumber,
    string? LicenseNumber,
    int? YearsOfExperience,
    IReadOnlyList<DoctorSpecialty> Specialties,
    bool IsAvailable,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>A specialty that a doctor practises.</summary>
/// <param name="IsPrimary">Whether it is their main one; at most one is.</param>
public sealed record DoctorSpecialty(
    Guid SpecialtyId,
    string Code,
    string Name,
    bool IsPrimary,
    int? YearsOfExperience,
    DateOnly? CertificationDate);

/// <summary>What is known of a doctor changed.</summary>
public sealed record DoctorUpdated(Doctor Doctor) : IntegrationEvent(Doctor.HospitalId, Doctor.Version)
{
    public override LiveUpdate Live => new("doctors", Change.Updated, Doctor, new(Callers.Everyone));
}
