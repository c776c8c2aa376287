using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Represents a medical specialty. Specialties are the same in every hospital.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8000-000000000066"</example></param>
/// <param name="Code"><example>"CARD"</example></param>
/// <param name="Name"><example>"Cardiology"</example></param>
/// <param name="Description"><example>"Heart and circulation"</example></param>
[Resource("specialties", Callers.Everyone)]
[Audited(AuditKind.Administration, RecordsReads = false)]
public sealed record Specialty(
    Guid Id,
    string Code,
    string Name,
    string? Description,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Lists the medical specialties, by name.</summary>
/// <param name="Search">
/// Search words, all of which must occur in the name, code or description, in any order. Words of one or two letters match the beginning of a word, longer ones
/// match anywhere. Case and accents are ignored.
/// <example>"Cardiology"</example>
/// </param>
/// <param name="IsActive">Whether to list only active (true) or only inactive (false) specialties; both by default.</param>
[Tool("list_specialties", Effect.Read, Callers.Everyone, IsReferenceData = true)]
public sealed record ListSpecialties([property: MaxLength(200)] string? Search = null, bool? IsActive = null) : PagedTool<Specialty>;

/// <summary>Creates a medical specialty. Its code and its name must be unique.</summary>
/// <param name="Code">A short name in capital letters, such as CARD. <example>"NEUR"</example></param>
/// <param name="Name">The name. <example>"Neurology"</example></param>
/// <param name="Description">What the specialty covers. <example>"Brain, spine and nerves"</example></param>
[Tool("create_specialty", Effect.Create, Callers.Platform, IsReferenceData = true)]
public sealed record CreateSpecialty(
    [property: RegularExpression("[A-Z0-9][A-Z0-9_-]{0,31}", ErrorMessage = "must be 1 to 32 of A to Z, 0 to 9, _ and -")] string Code,
    [property: Length(1, 200)] string Name,
    [property: MaxLength(2000), Multiline] string? Description = null) : ITool<Specialty>;

/// <summary>Changes a medical specialty. Omitted fields stay unchanged, and null clears the description. The code cannot be changed.</summary>
/// <param name="SpecialtyId">The ID of the specialty.</param>
/// <param name="Name">The new name.</param>
/// <param name="Description">The new description.</param>
/// <param name="IsActive">Whether the specialty is active: false deactivates it, true activates it again. Doctors who practice it keep it.</param>
/// <param name="ExpectedVersion">The expected version of the specialty; the change is rejected if the specialty is no longer at this version.</param>
[Tool("update_specialty", Effect.Update, Callers.Platform, IsReferenceData = true)]
public sealed record UpdateSpecialty(
    Guid SpecialtyId,
    [property: Length(1, 200)] string? Name = null,
    [property: MaxLength(2000), Multiline] Optional<string?> Description = default,
    bool? IsActive = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Specialty>;

/// <summary>Lists the doctors who practice a specialty, by last name.</summary>
/// <param name="SpecialtyId">The ID of the specialty.</param>
/// <param name="HospitalId">The ID of the hospital whose doctors are listed.</param>
/// <param name="IsActive">Whether to list active (true) or inactive (false) doctors; true by default, null for all.</param>
[Tool("get_specialty_doctors", Effect.Read, Callers.Everyone)]
public sealed record GetSpecialtyDoctors(Guid SpecialtyId, Guid? HospitalId = null, bool? IsActive = true) : PagedTool<Doctor>;

/// <summary>Represents the event that a specialty was created.</summary>
[LiveResource("specialties")]
public sealed record SpecialtyCreated(Specialty Specialty) : IntegrationEvent(null, Specialty.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Specialty, new(Callers.Everyone));
}

/// <summary>Represents the event that a specialty was changed.</summary>
[LiveResource("specialties")]
public sealed record SpecialtyUpdated(Specialty Specialty) : IntegrationEvent(null, Specialty.Version)
{
    public override LiveUpdate LiveUpdate => new(Specialty.IsActive ? Change.Updated : Change.Deleted, Specialty, new(Callers.Everyone));
}
