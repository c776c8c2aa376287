using MedCor.Contracts;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

/// <summary>Which people a caller sees: those of their hospital; patients themselves alone.</summary>
internal static class AccountQueries
{
    /// <summary>Whom the caller may see.</summary>
    internal static IQueryable<Account> VisibleAccounts(this IdentityDb db) =>
        db.Tenancy.Caller is { Kind: Callers.Patient, UserId: var self } ? db.Accounts.Where(a => a.Id == self) : db.Accounts;

    /// <summary>The doctors, whom everybody of their hospital may see, with their specialties.</summary>
    internal static IQueryable<Account> Doctors(this IdentityDb db) =>
        db.Accounts.Where(a => a.Role == Role.Doctor).Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty);

    /// <summary>One of them. Throws <see cref="NotFound"/>.</summary>
    internal static async Task<Account> GetRequiredAsync(this IQueryable<Account> accounts, Guid id, string thing, CancellationToken ct) =>
        await accounts.SingleOrDefaultAsync(a => a.Id == id, ct) ?? throw new NotFound(thing);
}
