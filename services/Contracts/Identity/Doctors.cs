using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Represents a doctor. The ID is the doctor's user ID.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-00000000000a"</example></param>
/// <param name="Email"><example>"doctor@general.example"</example></param>
/// <param name="FirstName"><example>"Katrin"</example></param>
/// <param name="LastName"><example>"Vogel"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="LicenseNumber"><example>"DE-10117-4482"</example></param>
/// <param name="YearsOfExperience">The professional experience, in years. <example>12</example></param>
/// <param name="IsAvailable">Whether the doctor currently takes appointments.</param>
[Resource("doctors", Callers.Everyone)]
[Audited(AuditKind.Demographic, Writes = AuditKind.Account)]
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

/// <summary>Represents a specialty that a doctor practices.</summary>
/// <param name="Code"><example>"CARD"</example></param>
/// <param name="Name"><example>"Cardiology"</example></param>
/// <param name="IsPrimary">Whether the specialty is the doctor's primary one; at most one is.</param>
/// <param name="YearsOfExperience">The experience in this specialty, in years. <example>12</example></param>
/// <param name="CertificationDate">The date since which the doctor has been certified for the specialty. <example>"2016-09-30"</example></param>
public sealed record DoctorSpecialty(
    Guid SpecialtyId,
    string Code,
    string Name,
    bool IsPrimary,
    int? YearsOfExperience,
    DateOnly? CertificationDate);

/// <summary>Lists the doctors that you may see, by last name.</summary>
/// <param name="HospitalId">The ID of the hospital whose doctors are listed.</param>
/// <param name="Specialty">
/// The full name or the code of a specialty that the doctors practice. Case and accents are ignored.
/// <example>"Cardiology"</example>
/// </param>
/// <param name="IsAvailable">Whether to list only doctors who currently take appointments (true) or only those who do not (false).</param>
/// <param name="Search">
/// Search words, all of which must occur in the first or last name, in any order. Words of one or two letters match the beginning of a word, longer ones match
/// anywhere. Case and accents are ignored.
/// <example>"Vogel"</example>
/// </param>
/// <param name="IsActive">Whether to list active (true) or inactive (false) doctors; true by default, null for all.</param>
[Tool("list_doctors", Effect.Read, Callers.Everyone)]
public sealed record ListDoctors(
    Guid? HospitalId = null,
    [property: MaxLength(200)] string? Specialty = null,
    bool? IsAvailable = null,
    [property: MaxLength(200)] string? Search = null,
    bool? IsActive = true) : PagedTool<Doctor>;

/// <summary>Returns one doctor with their specialties.</summary>
/// <param name="DoctorId">The ID of the doctor.</param>
[Tool("get_doctor_details", Effect.Read, Callers.Everyone)]
public sealed record GetDoctorDetails(Guid DoctorId) : ITool<Doctor>;

/// <summary>
/// Replaces the specialties that a doctor practices. Specialties that are not listed are removed; a call that changes nothing creates no new version.
/// </summary>
/// <param name="DoctorId">The ID of the doctor.</param>
/// <param name="Specialties">The specialties, at most one of them primary.</param>
/// <param name="ExpectedVersion">The expected version of the doctor; the change is rejected if the doctor is no longer at this version.</param>
[Tool("update_doctor_specialties", Effect.Update, Callers.Admins)]
public sealed record UpdateDoctorSpecialties(
    Guid DoctorId,
    [property: MaxLength(20)] IReadOnlyList<PractisedSpecialty> Specialties,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Doctor>;

/// <summary>Represents a specialty that a doctor is to practice.</summary>
/// <param name="SpecialtyId">The ID of the specialty.</param>
/// <param name="IsPrimary">Whether the specialty is the doctor's primary one.</param>
/// <param name="YearsOfExperience">The experience in this specialty, in years. <example>12</example></param>
/// <param name="CertificationDate">The date since which the doctor has been certified for the specialty. <example>"2016-09-30"</example></param>
public sealed record PractisedSpecialty(
    Guid SpecialtyId,
    bool IsPrimary = false,
    [property: Range(0, 80)] int? YearsOfExperience = null,
    [property: PastDate] DateOnly? CertificationDate = null);

/// <summary>Represents the event that a doctor was added or changed.</summary>
[LiveResource("doctors")]
public sealed record DoctorUpdated(Doctor Doctor) : IntegrationEvent(Doctor.HospitalId, Doctor.Version)
{
    /// <summary>Gets the periods in which the user was an active doctor; null from a replica of a version that did not record them.</summary>
    public ActivePeriods? ActivePeriods { get; init; }

    public override LiveUpdate LiveUpdate => new(Action, Doctor, new(Callers.Everyone));

    private Change Action => Doctor switch
    {
        { IsActive: false } => Change.Deleted,
        { Version: 1 } => Change.Created,
        _ => Change.Updated,
    };
}
