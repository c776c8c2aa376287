using MedCor.Identity.Accounts;
using MedCor.Identity.SecondFactors;

namespace MedCor.Identity.Sessions;

/// <summary>Verifies codes of users who have proved their password before. A wrong code counts as a failed login, as a wrong password does.</summary>
internal sealed class CodeCheck(IdentityDb db, LockOut lockOut, SecondFactorManager secondFactors)
{
    /// <summary>
    /// Returns the methods of a login with a password and this code, and spends the code; null when it is wrong. Throws
    /// <see cref="Contracts.RateLimited"/> while the user is locked out.
    /// </summary>
    /// <param name="proceed">What is done in the transaction that spends the code.</param>
    internal async Task<string?> VerifyAsync(Account account, string code, CancellationToken ct, Func<Task>? proceed = null)
    {
        var login = account.Login!;
        await lockOut.ThrowIfLockedAsync(login.AttemptKey, ct);

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var methods = await secondFactors.SpendAsync(login, code, ct);
        await lockOut.RecordAsync(login.AttemptKey, isCorrect: methods is not null, account, ct);
        if (methods is not null && proceed is not null) await proceed();
        await transaction.CommitAsync(ct);
        return methods;
    }
}
