using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

/// <summary>Queries the accounts that a caller may see: those of the caller's hospital; for a patient, only the patient's own.</summary>
internal static class AccountQueries
{
    /// <summary>Returns the accounts that the caller may see.</summary>
    internal static IQueryable<Account> VisibleAccounts(this IdentityDb db) =>
        db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var self } ? db.Accounts.Where(a => a.Id == self) : db.Accounts;

    /// <summary>Returns the doctors with their specialties. Every user of a hospital may see its doctors.</summary>
    internal static IQueryable<Account> Doctors(this IdentityDb db) =>
        db.Accounts.Where(a => a.Role == Role.Doctor).Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty);

    /// <summary>
    /// Returns the account that a login opens, by the address of the login: of several, one that may log in, the last used first; null when there is none.
    /// </summary>
    /// <param name="hospitalId">The hospital whose user is opened; null for any.</param>
    internal static async Task<Account?> FindByEmailAsync(this IdentityDb db, string email, CancellationToken ct, Guid? hospitalId = null) =>
        (await db.FindAllByEmailAsync(email, ct)).FirstOrDefault(a => hospitalId is null || a.HospitalId == hospitalId);

    /// <summary>
    /// Returns the accounts that a login opens, by the address of the login in whichever form it was stored: those that may log in first, by their last use. If
    /// there are two logins, from before their addresses were known to be the same, they are those of the one whose stored form was typed, otherwise of the one
    /// in today's canonical form.
    /// </summary>
    internal static async Task<IReadOnlyList<Account>> FindAllByEmailAsync(this IdentityDb db, string email, CancellationToken ct)
    {
        string[] keys = [email.Trim().ToLowerInvariant(), .. EmailAddresses.GetLookupKeys(email)];
        var candidates = await (
            from login in db.Logins
            where keys.Contains(login.EmailKey)
            join membership in db.Memberships on (Guid?)login.Id equals membership.LoginId
            join account in db.Accounts on membership.UserId equals account.Id
            select account).AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital).ToListAsync(ct);
        var loginId = candidates.MinBy(a => Array.IndexOf(keys, a.Login!.EmailKey))?.Login!.Id;
        return
        [
            .. candidates.Where(a => a.Login!.Id == loginId).OrderByDescending(a => a.CanLogIn).ThenByDescending(a => a.Membership!.LastLoginAt)
                .ThenBy(a => a.Id),
        ];
    }

    /// <summary>Returns the account that a login opens: of several, one that may log in, the last used first; null when there is none.</summary>
    internal static Task<Account?> FindByLoginAsync(this IdentityDb db, Guid loginId, CancellationToken ct) =>
        db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital).Where(a => a.Membership!.LoginId == loginId)
            .OrderByDescending(a => a.IsActive && (a.HospitalId == null || a.Hospital!.IsActive))
            .ThenByDescending(a => a.Membership!.LastLoginAt != null).ThenByDescending(a => a.Membership!.LastLoginAt).ThenBy(a => a.Id)
            .FirstOrDefaultAsync(ct);

    /// <summary>Returns the other hospitals at which the login of a user opens one who may log in, by name.</summary>
    internal static async Task<IReadOnlyList<UserHospital>> FindOtherHospitalsAsync(this IdentityDb db, Account account, CancellationToken ct)
    {
        var loginId = account.Login!.Id;
        return await db.Accounts.Where(a => a.Membership!.LoginId == loginId && a.Id != account.Id && a.IsActive && a.Hospital!.IsActive)
            .OrderBy(a => a.Hospital!.Name).ThenBy(a => a.HospitalId).Take(SessionUser.MaxHospitals)
            .Select(a => new UserHospital(a.Hospital!.HospitalId, a.Hospital.Name)).ToListAsync(ct);
    }

    /// <summary>Lets one transaction at a time change a login, its second factors, and which users it opens.</summary>
    internal static Task LockLoginAsync(this IdentityDb db, Guid loginId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"SELECT FROM logins WHERE id = {loginId} FOR UPDATE", ct);

    /// <summary>Returns whether a login opens users of several hospitals. It can open further ones until it is locked.</summary>
    internal static Task<bool> IsSharedAsync(this IdentityDb db, Login login, CancellationToken ct) =>
        db.Memberships.Where(m => m.LoginId == login.Id).OrderBy(m => m.UserId).Skip(1).AnyAsync(ct);

    /// <summary>Draws a medical record number that no patient of a hospital has.</summary>
    internal static Task<string> DrawMrnAsync(this IdentityDb db, Guid hospital, CancellationToken ct) =>
        db.Database.SqlQuery<string>($"SELECT draw_mrn({hospital}) AS \"Value\"").SingleAsync(ct);

    /// <summary>Returns the account with an id. Throws <see cref="NotFound"/> when the query has none.</summary>
    internal static async Task<Account> GetRequiredAsync(this IQueryable<Account> accounts, Guid id, string entityName, CancellationToken ct) =>
        await accounts.SingleOrDefaultAsync(a => a.Id == id, ct) ?? throw new NotFound(entityName);
}
