using System.Security.Cryptography;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Keys;
using MedCor.Identity.Mails;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.SecondFactors;

/// <summary>Represents what a login has besides the password.</summary>
internal sealed record EnrolledFactors(bool HasAuthenticator, bool HasPasskey, int RecoveryCodes)
{
    internal bool Any => HasAuthenticator || HasPasskey;

    /// <summary>Gets the names of the factors, as clients are told them.</summary>
    internal IReadOnlyList<string> Names =>
        [.. HasAuthenticator ? ["totp"] : (string[])[], .. HasPasskey ? ["passkey"] : (string[])[], .. RecoveryCodes > 0 ? ["recovery_code"] : (string[])[]];
}

/// <summary>
/// Enrolls, verifies and removes second factors, within the caller's transaction. They belong to the login, whose user is informed of every change by mail.
/// </summary>
internal sealed class SecondFactorManager(IdentityDb db, SignInPolicies policies, KeyEncryption encryption, MailQueue mails, SessionTrail trail,
    TimeProvider clock, ILogger<SecondFactorManager> log)
{
    /// <summary>The error of a session that began without the second factor that is required now.</summary>
    internal const string MissingFromSession = "The user's hospital requires a second factor now. Log in again with one.";

    /// <summary>The length of an authenticator's code.</summary>
    private const int CodeDigits = 6;

    internal Task<EnrolledFactors> FindAsync(Login login, CancellationToken ct) => db.Logins.Where(l => l.Id == login.Id)
        .Select(l => new EnrolledFactors(
            db.Authenticators.Any(x => x.LoginId == l.Id), db.Passkeys.Any(x => x.LoginId == l.Id), db.RecoveryCodes.Count(x => x.LoginId == l.Id)))
        .SingleAsync(ct);

    /// <summary>Returns whether a login lacks the second factor that the policy of the user's hospital requires of the user's role.</summary>
    /// <param name="methods">How the user has logged in.</param>
    internal async Task<bool> IsMissingAsync(Account account, string? methods, CancellationToken ct) =>
        !AuthenticationMethods.HasTwoFactors(methods) && (await policies.GetAsync(account.HospitalId, ct)).SecondFactorRoles.Contains(account.Role);

    /// <summary>
    /// Returns the methods of a login with a password and a code of the authenticator, or a recovery code, and spends the code; null when it is wrong or spent.
    /// A concurrent use of the same code waits, and is refused.
    /// </summary>
    internal async Task<string?> SpendAsync(Login login, string code, CancellationToken ct)
    {
        var digits = string.Concat(code.Where(c => !char.IsWhiteSpace(c)));
        if (digits.Length == CodeDigits && digits.All(char.IsAsciiDigit))
            return await SpendAuthenticatorCodeAsync(login.Id, digits, ct) ? AuthenticationMethods.PasswordAndCode : null;
        var hash = RecoveryCode.HashOf(login.Id, code);
        return await db.RecoveryCodes.Where(c => c.LoginId == login.Id && c.Hash == hash).ExecuteDeleteAsync(ct) > 0
            ? AuthenticationMethods.PasswordAndRecoveryCode
            : null;
    }

    /// <summary>Lets one transaction at a time change the second factors of a login.</summary>
    internal Task LockAsync(Login login, CancellationToken ct) => db.LockLoginAsync(login.Id, ct);

    /// <summary>Stores the secret of an authenticator whose code of a time step was shown, in place of a former one.</summary>
    internal async Task EnrollAuthenticatorAsync(Account account, byte[] secret, long step, CancellationToken ct)
    {
        var id = account.Login!.Id;
        await db.Authenticators.Where(a => a.LoginId == id).ExecuteDeleteAsync(ct);
        db.Add(new Authenticator
        {
            LoginId = id, EncryptedSecret = Authenticator.Encrypt(encryption, id, secret), LastStep = step, CreatedAt = clock.GetUtcNow(),
        });
        await InformAsync(account, ct);
        await trail.RecordChangeOfLoginAsync("add_authenticator", account, ct);
    }

    /// <summary>Replaces all recovery codes of a user's login and returns the new ones, which are readable nowhere else.</summary>
    internal async Task<IReadOnlyList<string>> RenewRecoveryCodesAsync(Account account, CancellationToken ct)
    {
        var login = account.Login!;
        await db.RecoveryCodes.Where(c => c.LoginId == login.Id).ExecuteDeleteAsync(ct);
        string[] codes = [.. Enumerable.Range(0, RecoveryCode.CodesPerUser).Select(_ => RecoveryCode.Create())];
        db.AddRange(codes.Select(code => new RecoveryCode { LoginId = login.Id, Hash = RecoveryCode.HashOf(login.Id, code) }));
        await db.SaveChangesAsync(ct);
        await trail.RecordChangeOfLoginAsync("renew_recovery_codes", account, ct);
        return codes;
    }

    /// <summary>Saves the unit of work with a mail that informs the user of a change of the second factors.</summary>
    internal Task InformAsync(Account account, CancellationToken ct)
    {
        mails.Add(MailKind.SecondFactorsChanged, account.Id);
        return db.SaveChangesAsync(ct);
    }

    /// <summary>Removes the authenticator, and the recovery codes when no passkey is left that they could replace.</summary>
    internal async Task RemoveAuthenticatorAsync(Account account, CancellationToken ct)
    {
        var id = account.Login!.Id;
        await db.Authenticators.Where(a => a.LoginId == id).ExecuteDeleteAsync(ct);
        await RemoveUselessCodesAsync(account.Login, ct);
        await InformAsync(account, ct);
        await trail.RecordChangeOfLoginAsync("remove_authenticator", account, ct);
    }

    /// <summary>Removes a passkey, and the recovery codes when no other factor is left that they could replace.</summary>
    internal async Task RemovePasskeyAsync(Account account, byte[] credentialId, CancellationToken ct)
    {
        var id = account.Login!.Id;
        if (await db.Passkeys.Where(p => p.LoginId == id && p.CredentialId == credentialId).ExecuteDeleteAsync(ct) == 0) return;
        await RemoveUselessCodesAsync(account.Login, ct);
        await InformAsync(account, ct);
        await trail.RecordChangeOfLoginAsync("remove_passkey", account, ct);
    }

    /// <summary>Removes all second factors of a user's login. Returns whether there were any.</summary>
    internal async Task<bool> RemoveAllAsync(Account account, CancellationToken ct)
    {
        var id = account.Login!.Id;
        var removed = await db.Authenticators.Where(a => a.LoginId == id).ExecuteDeleteAsync(ct)
            + await db.Passkeys.Where(p => p.LoginId == id).ExecuteDeleteAsync(ct)
            + await db.RecoveryCodes.Where(c => c.LoginId == id).ExecuteDeleteAsync(ct);
        if (removed > 0) await InformAsync(account, ct);
        return removed > 0;
    }

    private async Task RemoveUselessCodesAsync(Login login, CancellationToken ct)
    {
        if (!(await FindAsync(login, ct)).Any) await db.RecoveryCodes.Where(c => c.LoginId == login.Id).ExecuteDeleteAsync(ct);
    }

    private async Task<bool> SpendAuthenticatorCodeAsync(Guid loginId, string code, CancellationToken ct)
    {
        if (await db.Authenticators.AsNoTracking().SingleOrDefaultAsync(a => a.LoginId == loginId, ct) is not { } authenticator) return false;
        try
        {
            return Authenticator.FindStep(authenticator.Decrypt(encryption), code, clock.GetUtcNow()) is { } step
                && await db.Authenticators
                    .Where(a => a.LoginId == loginId && a.EncryptedSecret == authenticator.EncryptedSecret && a.LastStep < step)
                    .ExecuteUpdateAsync(a => a.SetProperty(x => x.LastStep, step), ct) > 0;
        }
        catch (AuthenticationTagMismatchException)
        {
            log.SecretUnreadable(loginId);
            return false;
        }
    }
}

internal static partial class SecondFactorLog
{
    [LoggerMessage(1200, LogLevel.Error,
        "The authenticator of login {LoginId} was encrypted with another secret; its codes are refused. Give Identity__KeyEncryptionSecret its former value, "
        + "or reset the user's second factors")]
    internal static partial void SecretUnreadable(this ILogger log, Guid loginId);
}
