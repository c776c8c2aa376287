using MedCor.Contracts;
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
    /// Returns the account of a person's address, in whichever form the address was stored. If there are two accounts, from before their addresses were known
    /// to be the same, returns the one whose stored form was typed, otherwise the one in today's canonical form.
    /// </summary>
    internal static async Task<Account?> FindByEmailAsync(this IdentityDb db, string email, CancellationToken ct)
    {
        string[] keys = [email.Trim().ToLowerInvariant(), .. EmailAddresses.GetLookupKeys(email)];
        var candidates = await db.Accounts.AsNoTracking().Include(a => a.Credential).Include(a => a.Hospital)
            .Where(a => keys.Contains(a.EmailKey) && a.ServiceScope == null).ToListAsync(ct);
        return candidates.MinBy(a => Array.IndexOf(keys, a.EmailKey));
    }

    /// <summary>Draws a medical record number that no patient of a hospital has.</summary>
    internal static Task<string> DrawMrnAsync(this IdentityDb db, Guid hospital, CancellationToken ct) =>
        db.Database.SqlQuery<string>($"SELECT draw_mrn({hospital}) AS \"Value\"").SingleAsync(ct);

    /// <summary>Returns the account with an id. Throws <see cref="NotFound"/> when the query has none.</summary>
    internal static async Task<Account> GetRequiredAsync(this IQueryable<Account> accounts, Guid id, string entityName, CancellationToken ct) =>
        await accounts.SingleOrDefaultAsync(a => a.Id == id, ct) ?? throw new NotFound(entityName);
}
