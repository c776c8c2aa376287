using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Identity;

/// <summary>A medical specialty. The same ones hold in every hospital.</summary>
[Resource("specialties", Callers.Everyone)]
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
/// <param name="Search">Words that the name, code or description must have, all of them, in any order: one or two letters from the beginning of a word, more anywhere. Case and accents make no difference.</param>
/// <param name="IsActive">Only those in use, or only those out of use; both unless given.</param>
[Tool("list_specialties", Effect.Read, Callers.Everyone, IsReferenceData = true)]
public sealed record ListSpecialties([property: MaxLength(200)] string? Search = null, bool? IsActive = null) : PagedTool<Specialty>;

/// <summary>Adds a medical specialty. Its code and its name must be its own.</summary>
/// <param name="Code">A short name in capitals, such as CARD.</param>
[Tool("create_specialty", Effect.Create, Callers.Platform, IsReferenceData = true)]
public sealed record CreateSpecialty(
    [property: RegularExpression("[A-Z0-9][A-Z0-9_-]{0,31}", ErrorMessage = "must be 1 to 32 of A to Z, 0 to 9, _ and -")] string Code,
    [property: Length(1, 200)] string Name,
    [property: MaxLength(2000), Multiline] string? Description = null) : ITool<Specialty>;

/// <summary>Changes a medical specialty; what is not given stays as it is, and null clears the description. Its code stays for good.</summary>
/// <param name="IsActive">Takes it out of use or back into it; doctors who practise it keep it.</param>
/// <param name="ExpectedVersion">Refuses the change if the specialty is no longer at this version.</param>
[Tool("update_specialty", Effect.Update, Callers.Platform, IsReferenceData = true)]
public sealed record UpdateSpecialty(
    Guid SpecialtyId,
    [property: Length(1, 200)] string? Name = null,
    [property: MaxLength(2000), Multiline] Optional<string?> Description = default,
    bool? IsActive = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<Specialty>;

/// <summary>Lists the doctors who practise a specialty, by last name.</summary>
/// <param name="HospitalId">Only those of this hospital.</param>
/// <param name="IsActive">Those in use unless given; null for all.</param>
[Tool("get_specialty_doctors", Effect.Read, Callers.Everyone)]
public sealed record GetSpecialtyDoctors(Guid SpecialtyId, Guid? HospitalId = null, bool? IsActive = true) : PagedTool<Doctor>;

/// <summary>A specialty was added.</summary>
public sealed record SpecialtyCreated(Specialty Specialty) : IntegrationEvent(null, Specialty.Version)
{
    public override LiveUpdate LiveUpdate => new("specialties", Change.Created, Specialty, new(Callers.Everyone));
}

/// <summary>A specialty changed.</summary>
public sealed record SpecialtyUpdated(Specialty Specialty) : IntegrationEvent(null, Specialty.Version)
{
    public override LiveUpdate LiveUpdate => new("specialties", Specialty.IsActive ? Change.Updated : Change.Deleted, Specialty, new(Callers.Everyone));
}
