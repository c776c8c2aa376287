using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

/// <summary>Represents what a request gives of a patient's demographic data. A list or number that is null is not given.</summary>
internal sealed record PatientFields(
    string? Mrn,
    Optional<Gender?> Gender,
    Optional<string?> Language,
    Optional<PatientAddress?> Address,
    IReadOnlyList<PatientContact>? Contacts,
    IReadOnlyList<NextOfKin>? NextOfKin,
    IReadOnlyList<PatientIdentifier>? Identifiers)
{
    /// <summary>The fields by which records identify a patient. Patients do not change them themselves.</summary>
    internal static readonly string[] Identifying = ["mrn", "gender", "identifiers"];

    internal static PatientFields From(CreateUser request) => new(
        request.Mrn, new(request.Gender), new(request.Language), new(request.Address), request.Contacts, request.NextOfKin, request.Identifiers);

    internal static PatientFields From(UpdateUser request) => new(
        request.Mrn, request.Gender, request.Language, request.Address, request.Contacts, request.NextOfKin, request.Identifiers);

    /// <summary>Returns the names of the given fields that differ from the stored ones.</summary>
    /// <param name="account">The account as stored; null for a new one.</param>
    internal IEnumerable<string> FindChanged(Account? account)
    {
        var (before, after) = (account?.Demographics ?? Demographics.None, ApplyTo(account?.Demographics ?? Demographics.None));
        if (Mrn is not null && Mrn != account?.Mrn) yield return "mrn";
        if (after.Gender != before.Gender) yield return "gender";
        if (after.Language != before.Language) yield return "language";
        if (after.Address != before.Address) yield return "address";
        if (after.Contacts != before.Contacts) yield return "contacts";
        if (after.NextOfKin != before.NextOfKin) yield return "next_of_kin";
        if (after.Identifiers != before.Identifiers) yield return "identifiers";
    }

    /// <summary>Returns the demographic data after the change. A list with the same entries stays the same object.</summary>
    internal Demographics ApplyTo(Demographics current) => new(
        Gender.Or(current.Gender),
        Language.Or(current.Language),
        Address.Or(current.Address),
        Replace(current.Contacts, Contacts),
        Replace(current.NextOfKin, NextOfKin),
        Replace(current.Identifiers, Identifiers));

    /// <summary>Returns the error for a save that gives a patient a number which another patient of the hospital has; null for other failures.</summary>
    internal static ApiException? FindConflict(DbUpdateException e) => FindTaken(e) switch
    {
        "mrn" => CreateConflict("mrn", "Another patient of the hospital has this medical record number."),
        "identifiers" => CreateConflict("identifiers", "Another patient of the hospital has one of these identifiers."),
        _ => null,
    };

    /// <summary>
    /// Returns the error for a save that undoes a merge whose surviving patient was given a number of the merged one; null for other failures.
    /// </summary>
    internal static ApiException? FindUnmergeConflict(DbUpdateException e) => FindTaken(e) is not { } field ? null : CreateConflict(field,
        "Another patient has a number of the merged patient by now, such as the surviving one. Give that patient another with update_user first.");

    /// <summary>Returns the field that holds a number of another patient; null when a save failed for another reason.</summary>
    private static string? FindTaken(DbUpdateException e) =>
        e.ViolatesConstraint("patient_keys_mrn") ? "mrn" : e.ViolatesConstraint("patient_keys_identifier") ? "identifiers" : null;

    private static IReadOnlyList<T> Replace<T>(IReadOnlyList<T> current, IReadOnlyList<T>? given) =>
        given is null || given.SequenceEqual(current) ? current : given;

    private static ApiException CreateConflict(string field, string message) => new Conflict(message).WithDetail("field", field);
}
