using MedCor.Contracts;
using MedCor.Identity.Accounts;

namespace MedCor.Identity.Users;

/// <summary>Which fields of an account belong to which roles.</summary>
internal static class RoleFieldRules
{
    /// <summary>Notes each field that is given, differs from what is kept, and belongs to another role. Clients have always been shown that a licence is taken for a patient, too.</summary>
    /// <param name="addError">Notes what is wrong with a field.</param>
    /// <param name="current">The account as it is; null for a new one.</param>
    internal static void AddErrors(Action<string, string> addError, Role role, DateOnly? dateOfBirth, string? licenseNumber, int? yearsOfExperience, bool? isAvailable, Account? current)
    {
        if (role != Role.Patient && dateOfBirth is not null && dateOfBirth != current?.DateOfBirth) Wrong("date_of_birth", Role.Patient);
        if (role is Role.Admin or Role.Nurse && licenseNumber is not null && licenseNumber != current?.LicenseNumber) Wrong("license_number", Role.Doctor);
        if (role is Role.Admin or Role.Nurse && yearsOfExperience is not null && yearsOfExperience != current?.YearsOfExperience) Wrong("years_of_experience", Role.Doctor);
        if (role != Role.Doctor && isAvailable is not null && isAvailable != current?.IsAvailable) Wrong("is_available", Role.Doctor);

        void Wrong(string field, Role whose) => addError(field, $"is for the role {EnumNames.Of(whose)}, not {EnumNames.Of(role)}: leave it out");
    }
}
