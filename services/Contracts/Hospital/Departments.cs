using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Hospital;

/// <summary>Represents a department of a hospital, to which patients are sent.</summary>
/// <param name="Name"><example>"Emergency Department"</example></param>
/// <param name="Code">A short name that is unique within the hospital, ignoring case. <example>"CARD"</example></param>
/// <param name="Description"><example>"Routine examination without findings."</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="Location">The location within the hospital.</param>
/// <param name="TriageLevels">
/// The levels of the Emergency Severity Index (1 is the most urgent) whose patients the department receives; empty when it receives no patients directly
/// from triage.
/// </param>
[Resource("departments", Callers.Everyone)]
[Audited(AuditKind.Administration, RecordsReads = false)]
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
/// <param name="HospitalId">The ID of the hospital whose departments are listed.</param>
/// <param name="Search">
/// Search words, all of which must occur in the name, code or description, in any order. Words of one or two letters match the beginning of a word, longer ones
/// match anywhere. Case and accents are ignored.
/// <example>"Schubert"</example>
/// </param>
/// <param name="TriageLevel">The level of the Emergency Severity Index, 1 to 5, whose patients the departments receive.</param>
/// <param name="IsActive">Whether to list only active (true) or only inactive (false) departments; both by default.</param>
[Tool("list_departments", Effect.Read, Callers.Everyone)]
public sealed record ListDepartments(
    Guid? HospitalId = null,
    [property: MaxLength(200)] string? Search = null,
    [property: Range(1, 5)] int? TriageLevel = null,
    bool? IsActive = null) : PagedTool<Department>;

/// <summary>Creates a department. Its code must be unique within the hospital, ignoring case.</summary>
/// <param name="Name">The name. <example>"Neurology"</example></param>
/// <param name="Code">A short name, such as CARD. <example>"NEUR"</example></param>
/// <param name="HospitalId">The ID of the hospital; your own by default. Required for platform administrators.</param>
/// <param name="Description">What the department does. <example>"Brain, spine and nerves"</example></param>
/// <param name="PhoneNumber">The phone number.</param>
/// <param name="Location">The location within the hospital.</param>
/// <param name="TriageLevels">
/// The levels of the Emergency Severity Index (1 is the most urgent) whose patients the department receives; none by default.
/// </param>
[Tool("create_department", Effect.Create, Callers.Admins)]
public sealed record CreateDepartment(
    [property: Length(1, 200)] string Name,
    [property: RegularExpression("[A-Za-z0-9][A-Za-z0-9_-]{0,31}", ErrorMessage = "must be 1 to 32 letters, digits, _ and -")] string Code,
    Guid? HospitalId = null,
    [property: MaxLength(2000), Multiline] string? Description = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: MaxLength(200)] string? Location = null,
    [property: UniqueItems, MaxLength(5), EachRange(1, 5)] IReadOnlyList<int>? TriageLevels = null) : ITool<Department>;

/// <summary>Represents the event that a department was created.</summary>
[LiveResource("departments")]
public sealed record DepartmentCreated(Department Department) : IntegrationEvent(Department.HospitalId, Department.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Department, new(Callers.Everyone));
}
