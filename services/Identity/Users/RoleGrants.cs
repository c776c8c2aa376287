using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Users;

/// <summary>Defines which roles a caller may give to others, by a new account or a change of one.</summary>
internal static class RoleGrants
{
    /// <summary>
    /// Returns why a caller may give nobody a role; null when the caller may. Clinical content is not the platform's to access, so it opens the administrators
    /// of a hospital, who open the accounts of those who treat patients. A role that is new is the platform's to give only if it is added here.
    /// </summary>
    internal static string? FindRefusal(Caller caller, Role role) => caller.Kind switch
    {
        Callers.Nurse or Callers.Receptionist when role != Role.Patient => "Nurses and receptionists open accounts for patients alone.",
        Callers.Platform when role is not (Role.Admin or Role.Patient) =>
            "Accounts of doctors, nurses and receptionists are opened by an administrator of their hospital. Create one with the role ADMIN and the "
                + "hospital's id first.",
        _ => null,
    };

    /// <summary>Throws <see cref="Forbidden"/> when a caller may give nobody a role.</summary>
    internal static void Require(Caller caller, Role role)
    {
        if (FindRefusal(caller, role) is { } refusal) throw new Forbidden(refusal);
    }

    /// <summary>
    /// Throws <see cref="Forbidden"/> when the caller is the platform, and the hospital has an active administrator who has logged in. Through another one,
    /// whom nobody at the hospital knows, the platform could open accounts of those who treat patients.
    /// </summary>
    internal static async Task RequireFirstAdminAsync(IdentityDb db, Guid hospital, CancellationToken ct)
    {
        if (db.Tenancy.Caller.IsOneOf(Callers.Platform) && await db.Accounts.AnyAsync(a => a.HospitalId == hospital && a.Role == Role.Admin && a.IsActive
            && a.ServiceScope == null && a.Membership!.LastLoginAt != null, ct))
            throw new Forbidden("The hospital has administrators who have logged in. They open and change the accounts of further ones.");
    }
}
