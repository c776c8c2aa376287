using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Identity;

/// <summary>A doctor. The id is their user's id.</summary>
/// <param name="IsAvailable">Whether they take appointments at present.</param>
[Resource("doctors", Callers.Everyone)]
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

/// <summary>Lists the doctors that you may see, by last name.</summary>
/// <param name="HospitalId">Only those of this hospital.</param>
/// <param name="Specialty">Only those who practise this specialty, by its whole name or code. Case and accents make no difference.</param>
/// <param name="IsAvailable">Only those who take appointments at present, or only those who do not.</param>
/// <param name="Search">Words that the first or last name must have, all of them, in any order: one or two letters from the beginning of a word, more anywhere. Case and accents make no difference.</param>
/// <param name="IsActive">Those in use unless given; null for all.</param>
[Tool("list_doctors", Effect.Read, Callers.Everyone)]
public sealed record ListDoctors(
    Guid? HospitalId = null,
    [property: MaxLength(200)] string? Specialty = null,
    bool? IsAvailable = null,
    [property: MaxLength(200)] string? Search = null,
    bool? IsActive = true) : PagedTool<Doctor>;

/// <summary>Shows one doctor with their specialties.</summary>
[Tool("get_doctor_details", Effect.Read, Callers.Everyone)]
public sealed record GetDoctorDetails(Guid DoctorId) : ITool<Doctor>;

/// <summary>Says anew which specialties a doctor practises; those that are not listed are no longer theirs; what leaves all as it was makes no version.</summary>
/// <param name="Specialties">At most one of them primary.</param>
/// <param name="ExpectedVersion">Refuses the change if the doctor is no longer at this version.</param>
[Tool("update_doctor_specialties", Effect.Update, Callers.Admins)]
public sealed record UpdateDoctorSpecialties(
    Guid DoctorId,
    [property: MaxLength(20)] IReadOnlyList<PractisedSpecialty> Specialties,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Doctor>;

/// <summary>A specialty that a doctor is to practise.</summary>
/// <param name="IsPrimary">Whether it is their main one.</param>
/// <param name="YearsOfExperience">In this specialty.</param>
/// <param name="CertificationDate">Since when they are certified for it.</param>
public sealed record PractisedSpecialty(
    Guid SpecialtyId,
    bool IsPrimary = false,
    [property: Range(0, 80)] int? YearsOfExperience = null,
    [property: PastDate] DateOnly? CertificationDate = null);

/// <summary>What is known of a doctor changed, or is known for the first time.</summary>
public sealed record DoctorUpdated(Doctor Doctor) : IntegrationEvent(Doctor.HospitalId, Doctor.Version)
{
    public override LiveUpdate LiveUpdate => new("doctors", Action, Doctor, new(Callers.Everyone));

    private Change Action => Doctor switch
    {
        { IsActive: false } => Change.Deleted,
        { Version: 1 } => Change.Created,
        _ => Change.Updated,
    };
}
