using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Identity.Accounts;

/// <summary>Which fields of an account belong to which roles.</summary>
internal static class RoleFields
{
    /// <summary>Throws <see cref="Invalid"/> naming each field that is given, differs from what is kept, and belongs to another role. Clients have always been shown that a licence is taken for a patient, too.</summary>
    /// <param name="now">The account as it is; null for a new one.</param>
    internal static void Check(Role role, DateOnly? dateOfBirth, string? licenseNumber, int? yearsOfExperience, bool? isAvailable, Account? now)
    {
        var wrongs = new Dictionary<string, List<string>>();
        if (role != Role.Patient && dateOfBirth is not null && dateOfBirth != now?.DateOfBirth) Wrong("date_of_birth", Role.Patient);
        if (role is Role.Admin or Role.Nurse && licenseNumber is not null && licenseNumber != now?.LicenseNumber) Wrong("license_number", Role.Doctor);
        if (role is Role.Admin or Role.Nurse && yearsOfExperience is not null && yearsOfExperience != now?.YearsOfExperience) Wrong("years_of_experience", Role.Doctor);
        if (role != Role.Doctor && isAvailable is not null && isAvailable != now?.IsAvailable) Wrong("is_available", Role.Doctor);
        if (wrongs.Count > 0) throw new Invalid(wrongs);

        void Wrong(string field, Role whose) => wrongs[field] = [$"is for the role {Words.Of(whose)}, not {Words.Of(role)}: leave it out"];
    }
}
