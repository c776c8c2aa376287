using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Hospital;

/// <summary>A part of a hospital to which patients are sent.</summary>
/// <param name="Code">A short name of its own within the hospital, whatever its case.</param>
/// <param name="Location">Where in the house it is.</param>
/// <param name="TriageLevels">The levels of the Emergency Severity Index whose patients it receives, 1 the most urgent; none when nobody comes to it straight from triage.</param>
[Resource("departments", Callers.Everyone)]
public sealed record Department(
    Guid Id,
    Guid HospitalId,
    string Name,
    string Code,
    string? Description,
    string? PhoneNumber,
    string? Location,
    IReadOnlyList<int> TriageLevels,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Lists the departments of the hospitals that you may see, by name.</summary>
/// <param name="HospitalId">Only those of this hospital.</param>
/// <param name="Search">Words that the name, code or description must have, all of them, in any order: one or two letters from the beginning of a word, more anywhere. Case and accents make no difference.</param>
/// <param name="TriageLevel">Only those that receive patients of this level of the Emergency Severity Index.</param>
/// <param name="IsActive">Only those in use, or only those out of use; both unless given.</param>
[Tool("list_departments", Effect.Read, Callers.Everyone)]
public sealed record ListDepartments(
    Guid? HospitalId = null,
    [property: MaxLength(200)] string? Search = null,
    [property: Range(1, 5)] int? TriageLevel = null,
    bool? IsActive = null) : PagedTool<Department>;

/// <summary>Opens a department. Its code must be its own within the hospital, whatever its case.</summary>
/// <param name="Code">A short name, such as CARD.</param>
/// <param name="HospitalId">Your own hospital unless given; platform administrators must say which.</param>
/// <param name="Location">Where in the house it is.</param>
/// <param name="TriageLevels">The levels of the Emergency Severity Index whose patients it receives, 1 the most urgent; none unless given.</param>
[Tool("create_department", Effect.Create, Callers.Admins)]
public sealed record CreateDepartment(
    [property: Length(1, 200)] string Name,
    [property: RegularExpression("[A-Za-z0-9][A-Za-z0-9_-]{0,31}", ErrorMessage = "must be 1 to 32 letters, digits, _ and -")] string Code,
    Guid? HospitalId = null,
    [property: MaxLength(2000), Multiline] string? Description = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: MaxLength(200)] string? Location = null,
    [property: UniqueItems, MaxLength(5), EachRange(1, 5)] IReadOnlyList<int>? TriageLevels = null) : ITool<Department>;

/// <summary>A department opened.</summary>
public sealed record DepartmentCreated(Department Department) : IntegrationEvent(Department.HospitalId, Department.Version)
{
    public override LiveUpdate LiveUpdate => new("departments", Change.Created, Department, new(Callers.Everyone));
}
