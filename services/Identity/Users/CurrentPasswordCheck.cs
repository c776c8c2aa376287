using MedCor.Contracts;
using MedCor.Identity.Accounts;
using MedCor.Identity.Passwords;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;

namespace MedCor.Identity.Users;

/// <summary>
/// Verifies the password of a user who is logged in. Wrong passwords count as failed logins do, in a separate
/// transaction, so that the rollback of the rejected request does not undo them.
/// </summary>
internal sealed class CurrentPasswordCheck(IServiceScopeFactory scopes, PasswordHasher hashes)
{
    internal const string Field = "current_password";

    /// <summary>The error for a missing password.</summary>
    internal const string Missing = "is required to change your own password or e-mail address";

    internal async Task VerifyAsync(Account account, string current, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var lockOut = scope.ServiceProvider.GetRequiredService<LockOut>();
        db.Tenancy.Enter(hospital: null);
        var login = account.Login!;
        var isCorrect = await hashes.VerifyAsync(login.PasswordHash, current, first: () => lockOut.ThrowIfLockedAsync(login.AttemptKey, ct), ct);

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // The password of a user with a second factor does not forgive wrong codes.
        var factors = await scope.ServiceProvider.GetRequiredService<SecondFactorManager>().FindAsync(login, ct);
        await lockOut.RecordAsync(login.AttemptKey, isCorrect && factors.Any ? null : isCorrect, account, ct);
        await transaction.CommitAsync(ct);
        if (!isCorrect) throw new ValidationFailed(Field, "is not your password");
    }
}
