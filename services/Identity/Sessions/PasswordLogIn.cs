using MedCor.Identity.Accounts;
using MedCor.Identity.Passwords;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Verifies e-mail addresses and passwords. A wrong password, an address without an account and a user who may no longer log in all get the same answer, by the
/// same steps and so in the same time.
/// </summary>
internal sealed class PasswordLogIn(IdentityDb db, LockOut lockOut, PasswordHasher hashes)
{
    /// <summary>
    /// Returns the account of an address and its password; null when they are wrong. Throws <see cref="Contracts.RateLimited"/> while the address is locked.
    /// </summary>
    internal Task<Account?> VerifyAsync(string email, string password, CancellationToken ct) =>
        VerifyAsync(email, password, prepare: () => Task.CompletedTask, Task.FromResult<Account?>, ct);

    /// <summary>Verifies a password and, if it is correct, returns what a function returns in the transaction that records the attempt.</summary>
    /// <param name="prepare">What takes a connection of its own, and so must be done outside of the transaction.</param>
    internal async Task<T?> VerifyAsync<T>(string email, string password, Func<Task> prepare, Func<Account, Task<T?>> proceed, CancellationToken ct)
        where T : class
    {
        db.Tenancy.Enter(hospital: null);
        var emailKey = EmailAddresses.GetLookupKey(email);
        await lockOut.ThrowIfLockedAsync(emailKey, ct);

        var account = await FindAsync(email, ct);
        // Outside the transaction: verifying takes a tenth of a second, during which no connection and no lock is held.
        var isCorrect = await hashes.VerifyAsync(account?.Credential?.PasswordHash, password, first: () => lockOut.ThrowIfLockedAsync(emailKey, ct), ct)
            && account is { CanLogIn: true };
        await prepare();

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await lockOut.RecordAsync(emailKey, isCorrect, ct);
        var result = isCorrect ? await proceed(account!) : null;
        await transaction.CommitAsync(ct);
        return result;
    }

    /// <summary>
    /// Returns the account of an address, in whichever form the address was stored. If there are two accounts, from before their addresses were known to be the
    /// same, returns the one whose stored form was typed, otherwise the one in today's canonical form.
    /// </summary>
    private async Task<Account?> FindAsync(string email, CancellationToken ct)
    {
        string[] keys = [email.Trim().ToLowerInvariant(), .. EmailAddresses.GetLookupKeys(email)];
        var candidates = await db.Accounts.AsNoTracking().Include(a => a.Credential).Include(a => a.Hospital)
            .Where(a => keys.Contains(a.EmailKey)).ToListAsync(ct);
        return candidates.MinBy(a => Array.IndexOf(keys, a.EmailKey));
    }
}
