using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Keys;
using MedCor.Identity.Passwords;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Starts a session. A wrong password, an address that nobody has, and somebody who may no longer log in all get the same answer,
/// by the same steps and so in the same time.
/// </summary>
internal sealed class LogInHandler(IdentityDb db, LockOut lockOut, PasswordHasher hashes, KeyRing keys, SessionManager sessions)
{
    internal async Task<SessionTokens> Handle(LogIn request, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        var emailKey = EmailAddresses.GetLookupKey(request.Email);
        await lockOut.ThrowIfLocked(emailKey, ct);

        var account = await Find(request.Email, ct);
        // Both outside of the transaction: the one takes a tenth of a second, in which no connection and no lock is held, the other may take a connection of its own.
        var right = await hashes.Verify(account?.Credential?.PasswordHash, request.Password, first: () => lockOut.ThrowIfLocked(emailKey, ct), ct) && account is { CanLogIn: true };
        var key = await keys.GetSigningCredentials(ct);

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await lockOut.Record(emailKey, right, ct);
        var started = right ? await sessions.Start(account!, key, ct) : null;
        await transaction.CommitAsync(ct);
        return started ?? throw new Unauthenticated(ErrorCodes.AuthInvalid, "E-mail address or password is wrong.");
    }

    /// <summary>The account of an address in whichever form it was kept; if there are two, of before they were known to be one, that of the form that was typed, else of today's.</summary>
    private async Task<Account?> Find(string email, CancellationToken ct)
    {
        string[] keys = [email.Trim().ToLowerInvariant(), .. EmailAddresses.GetLookupKeys(email)];
        var found = await db.Accounts.AsNoTracking().Include(a => a.Credential).Include(a => a.Hospital).Where(a => keys.Contains(a.EmailKey)).ToListAsync(ct);
        return found.MinBy(a => Array.IndexOf(keys, a.EmailKey));
    }
}
