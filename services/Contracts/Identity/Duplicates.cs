using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Specifies what two patients have in common who may be the same person.</summary>
public enum DuplicateReason
{
    SameName,
    /// <summary>The names differ by typing errors.</summary>
    SimilarName,
    /// <summary>The first name of one is the last name of the other.</summary>
    SwappedName,
    SameDateOfBirth,
    /// <summary>The dates of birth differ by one digit, or day and month are exchanged.</summary>
    SimilarDateOfBirth,
    SamePhoneNumber,
    SameEmail,
    SameIdentifier,
    SameAddress,
}

/// <summary>Represents one of two patients who may be the same person.</summary>
/// <param name="PatientId">The ID of the patient.</param>
/// <param name="Mrn"><example>"4711008150"</example></param>
/// <param name="FirstName"><example>"Miriam"</example></param>
/// <param name="LastName"><example>"Schubert"</example></param>
/// <param name="DateOfBirth"><example>"1984-05-17"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
[Audited(AuditKind.Demographic, "patients")]
public sealed record CandidatePatient(
    Guid PatientId,
    string? Mrn,
    string FirstName,
    string LastName,
    DateOnly? DateOfBirth,
    string? PhoneNumber,
    bool IsActive);

/// <summary>Represents two patients who may be the same person.</summary>
/// <param name="First">The patient who was registered first.</param>
/// <param name="Second">The other patient.</param>
/// <param name="Score">How much suggests that they are one person: from 50, little, to 100. <example>86</example></param>
/// <param name="Reasons">What they have in common.</param>
public sealed record DuplicateCandidate(
    CandidatePatient First,
    CandidatePatient Second,
    int Score,
    [property: MaxLength(9)] IReadOnlyList<DuplicateReason> Reasons);

/// <summary>
/// Lists pairs of patients of your hospital who may be the same person, the likeliest first. New and changed patients are compared a moment later. Check both
/// before you merge them.
/// </summary>
/// <param name="MinScore">The lowest score of the pairs that are listed.</param>
[Tool("list_duplicate_candidates", Effect.Read, Callers.HospitalAdmin | Callers.Receptionist)]
public sealed record ListDuplicateCandidates([property: Range(50, 100)] int? MinScore = null) : PagedTool<DuplicateCandidate>;
