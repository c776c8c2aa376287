using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Keys;
using MedCor.Identity.Passwords;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Starts a session. A wrong password, an address without an account and a user who may no longer log in all
/// get the same answer, by the same steps and so in the same time.
/// </summary>
internal sealed class LogInHandler(IdentityDb db, LockOut lockOut, PasswordHasher hashes, KeyRing keys, SessionManager sessions)
{
    /// <summary>Adds the errors of scopes that do not exist, and of repeated ones.</summary>
    internal static Task AddErrorsAsync(LogIn request, ParameterErrors errors)
    {
        if (request.Scope is not { } scope) return Task.CompletedTask;
        var (all, known) = (ScopeSet.Parse(scope, out var unknown).All, Scopes.All.Select(s => s.Name));
        if (unknown.Count > 0)
            errors.Add("scope", $"does not know {string.Join(", ", unknown)}; there are {string.Join(", ", known)}{DidYouMean.Hint(unknown[0], known)}");
        if (scope.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length > all.Count + unknown.Count) errors.Add("scope", "names a scope more than once");
        return Task.CompletedTask;
    }

    internal async Task<SessionTokens> HandleAsync(LogIn request, CancellationToken ct)
    {
        db.Tenancy.Enter(hospital: null);
        var emailKey = EmailAddresses.GetLookupKey(request.Email);
        await lockOut.ThrowIfLockedAsync(emailKey, ct);

        var account = await FindAsync(request.Email, ct);
        // Both run outside the transaction: verifying takes a tenth of a second, during which no connection and no lock is
        // held, and loading the key may take a connection of its own.
        var isCorrect = await hashes.VerifyAsync(account?.Credential?.PasswordHash, request.Password, first: () => lockOut.ThrowIfLockedAsync(emailKey, ct), ct)
            && account is { CanLogIn: true };
        var key = await keys.GetSigningCredentialsAsync(ct);

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await lockOut.RecordAsync(emailKey, isCorrect, ct);
        var started = isCorrect ? await sessions.StartAsync(account!, request.Scope is { } scope ? ScopeSet.Parse(scope, out _) : null, key, ct) : null;
        await transaction.CommitAsync(ct);
        return started ?? throw new Unauthenticated(ErrorCodes.AuthInvalid, "E-mail address or password is wrong.");
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
