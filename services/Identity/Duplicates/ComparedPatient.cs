using MedCor.Contracts.Identity;

namespace MedCor.Identity.Duplicates;

/// <summary>Holds what is compared of a patient. Names and address are in folded words; the phone numbers are their last seven digits, backwards.</summary>
internal sealed record ComparedPatient(
    Guid HospitalId,
    Guid Id,
    string FirstName,
    string LastName,
    DateOnly? DateOfBirth,
    string? Gender,
    string Address,
    string[] Phones,
    string[] Emails,
    string[] Numbers);

/// <summary>Represents the result of a comparison of two patients.</summary>
/// <param name="Score">From 50 to 100.</param>
internal sealed record Comparison(int Score, IReadOnlyList<DuplicateReason> Reasons);
