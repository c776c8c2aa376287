using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Mails;
using MedCor.Identity.Passwords;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Recovery;

/// <summary>
/// Sets passwords without a session: by a link, or by a temporary password. A new password ends all sessions and all links of the users whom the login opens,
/// and a lock of the address.
/// </summary>
internal sealed class PasswordSetter(IdentityDb db, AccountLinks links, MailQueue mails, PasswordHasher hashes, PasswordLogIn logIn, LockOut lockOut,
    SessionManager sessions, SecondFactorManager secondFactors, SessionTrail trail)
{
    internal const string LinkIsOver = "is not valid, or no longer: a link works once, within 30 minutes. Request another one";

    /// <summary>Returns a link that sets a password and can still be used; null when there is none. It is not spent.</summary>
    internal Task<AccountLink?> FindLinkAsync(string? token, CancellationToken ct) =>
        links.FindAsync(token, ct, LinkPurpose.Invitation, LinkPurpose.PasswordReset, LinkPurpose.TemporaryPassword);

    /// <summary>
    /// Sets the password of a link's user and spends the link. Throws <see cref="ValidationFailed"/> for <c>token</c> when the link cannot be used, and for
    /// <c>password</c> when that is not accepted. Who is the first to prove to receive mail at the address may not have set up the second factors: they are
    /// removed.
    /// </summary>
    internal async Task SetByLinkAsync(string token, string password, CancellationToken ct)
    {
        var link = await FindLinkAsync(token, ct) ?? throw new ValidationFailed("token", LinkIsOver);
        var account = await db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital).SingleAsync(a => a.Id == link.UserId, ct);
        if (account is not { CanLogIn: true, Login: { } login }) throw new ValidationFailed("token", LinkIsOver);
        ThrowIfWeak("password", password, account);
        var hash = await hashes.HashAsync(password, ct);

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await links.SpendAsync(link, ct)) throw new ValidationFailed("token", LinkIsOver);
        // Who has read the mail receives mail at the address to which it was sent.
        var provesEmail = link.Purpose != LinkPurpose.TemporaryPassword;
        await links.EndAllAsync(login.Id, ct);
        await secondFactors.LockAsync(login, ct);
        var isFirstProof = provesEmail && await db.Logins.AnyAsync(l => l.Id == login.Id && l.EmailVerifiedAt == null, ct);
        var settable = provesEmail ? db.Logins.Where(l => l.Email == link.NewEmail) : db.Logins.Where(l => l.HasTemporaryPassword);
        if (!await TrySetAsync(account, settable, hash, provesEmail, ct)) throw new ValidationFailed("token", LinkIsOver);
        if (isFirstProof && await secondFactors.RemoveAllAsync(account, ct)) await trail.RecordChangeOfLoginAsync("remove_second_factors", account, ct);
        if (link.Purpose != LinkPurpose.Invitation) mails.Add(MailKind.PasswordChanged, account.Id);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>
    /// Replaces a temporary password. Throws <see cref="Unauthenticated"/> when address or password are wrong, and <see cref="ValidationFailed"/> when the
    /// password is not a temporary one or the new one is not accepted.
    /// </summary>
    internal async Task ReplaceTemporaryAsync(string email, string password, string newPassword, CancellationToken ct)
    {
        var hash = "";
        _ = await logIn.VerifyAsync(email, password, code: null, prepare: async () => hash = await hashes.HashAsync(newPassword, ct), ReplaceAsync, ct,
            acceptsTemporary: true) ?? throw LogInHandler.WrongCredentials();

        async Task<Account?> ReplaceAsync(VerifiedPassword verified)
        {
            if (verified.Methods is null) throw LogInHandler.MissingFactor(verified.Factors);
            var account = verified.Account;
            if (!account.Login!.HasTemporaryPassword)
                throw new ValidationFailed("password", "is not temporary: log in with it, and change it with update_user");
            if (newPassword == password) throw new ValidationFailed("new_password", "must be another one");
            ThrowIfWeak("new_password", newPassword, account);
            await links.EndAllAsync(account.Login.Id, ct);
            if (!await TrySetAsync(account, db.Logins.Where(l => l.HasTemporaryPassword), hash, provesEmail: false, ct)) return null;
            mails.Add(MailKind.PasswordChanged, account.Id);
            await db.SaveChangesAsync(ct);
            return account;
        }
    }

    /// <summary>Returns the token of a link by which a user who has just entered a temporary password replaces it.</summary>
    internal Task<string> CreateLinkAsync(TemporaryPassword proven, CancellationToken ct) =>
        links.CreateAsync(proven.Account.Id, LinkPurpose.TemporaryPassword, newEmail: null, ct);

    /// <summary>Sets the password of a login and ends its sessions, and returns whether it did: not if the login is none of the settable ones by now.</summary>
    private async Task<bool> TrySetAsync(Account account, IQueryable<Login> settable, string hash, bool provesEmail, CancellationToken ct)
    {
        var login = account.Login!;
        var now = db.UtcNow;
        var isSet = await settable.Where(l => l.Id == login.Id).ExecuteUpdateAsync(l => l
            .SetProperty(x => x.PasswordHash, hash)
            .SetProperty(x => x.HasTemporaryPassword, false)
            .SetProperty(x => x.EmailVerifiedAt, x => provesEmail ? now : x.EmailVerifiedAt), ct) == 1;
        if (!isSet) return false;
        await lockOut.ClearAsync(login.AttemptKey, ct);
        await sessions.EndAllOfLoginAsync(login.Id, ct);
        await trail.RecordChangeOfLoginAsync("set_password", account, ct, AuditKind.Account);
        return true;
    }

    private static void ThrowIfWeak(string field, string password, Account account)
    {
        if (PasswordPolicy.FindError(password, account.Login!.Email, account.FirstName, account.LastName, account.Hospital?.Name) is { } weak)
            throw new ValidationFailed(field, weak);
    }
}
