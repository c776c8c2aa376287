using MedCor.Contracts;
using MedCor.Identity.Accounts;

namespace MedCor.Identity.Users;

/// <summary>Defines which fields of an account belong to which roles.</summary>
internal static class RoleFieldRules
{
    /// <summary>
    /// Adds an error for each field that is given, differs from the stored value and belongs to another role. A license number is
    /// accepted for a patient too, as client documentation has always shown.
    /// </summary>
    /// <param name="addError">Adds an error to a field.</param>
    /// <param name="current">The account as stored; null for a new one.</param>
    internal static void AddErrors(Action<string, string> addError, Role role, DateOnly? dateOfBirth, string? licenseNumber, int? yearsOfExperience,
        bool? isAvailable, Account? current)
    {
        if (role != Role.Patient && dateOfBirth is not null && dateOfBirth != current?.DateOfBirth) AddRoleError("date_of_birth", Role.Patient);
        if (role is not (Role.Doctor or Role.Patient) && licenseNumber is not null && licenseNumber != current?.LicenseNumber)
            AddRoleError("license_number", Role.Doctor);
        if (role is not (Role.Doctor or Role.Patient) && yearsOfExperience is not null && yearsOfExperience != current?.YearsOfExperience)
            AddRoleError("years_of_experience", Role.Doctor);
        if (role != Role.Doctor && isAvailable is not null && isAvailable != current?.IsAvailable) AddRoleError("is_available", Role.Doctor);

        void AddRoleError(string field, Role requiredRole) => addError(field, Describe(requiredRole, role));
    }

    /// <summary>Adds an error for each changed field of the demographic data when the role is not that of a patient.</summary>
    /// <param name="addError">Adds an error to a field.</param>
    internal static void AddPatientErrors(Action<string, string> addError, Role role, IEnumerable<string> changedFields)
    {
        if (role == Role.Patient) return;
        foreach (var field in changedFields) addError(field, Describe(Role.Patient, role));
    }

    private static string Describe(Role requiredRole, Role role) =>
        $"is for the role {EnumNames.Of(requiredRole)}, not {EnumNames.Of(role)}: leave it out";
}
