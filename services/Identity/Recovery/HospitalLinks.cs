using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Mails;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Recovery;

/// <summary>Represents a link by which the owner of a login adds a hospital to it, and that can still be used.</summary>
/// <param name="Email">The address of the login.</param>
internal sealed record HospitalLink(AccountLink Link, string Hospital, string Email);

/// <summary>Represents a hospital that was added to a login.</summary>
/// <param name="PasswordToken">The token of a link by which the owner sets a password first; null where the login has one that the owner has chosen.</param>
internal sealed record LinkedHospital(string? PasswordToken);

/// <summary>
/// Lets the owner of a login open users of further hospitals by it. A hospital that registers somebody with the address of a login does not learn that there is
/// one: the owner is asked by mail.
/// </summary>
internal sealed class HospitalLinks(
    IdentityDb db, AccountLinks links, SecondFactorManager secondFactors, SessionManager sessions, MailQueue mails, SessionTrail trail)
{
    /// <summary>Returns a link that can still be used; null when there is none. It is not spent.</summary>
    internal async Task<HospitalLink?> FindAsync(string? token, CancellationToken ct) =>
        await links.FindAsync(token, ct, LinkPurpose.HospitalLink) is { NewEmail: { } email } link
            && await Awaiting(link).AsNoTracking().Include(a => a.Hospital).SingleOrDefaultAsync(ct) is { CanLogIn: true, Hospital: { } hospital }
                ? new(link, hospital.Name, email)
                : null;

    /// <summary>
    /// Spends a link and opens its user by the login that has the address; null when that is not possible any more. If nobody has proved before to receive mail
    /// at the address, everything is removed by which somebody else could log in: password, second factors and sessions.
    /// </summary>
    internal async Task<LinkedHospital?> ConfirmAsync(HospitalLink found, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await links.SpendAsync(found.Link, ct)) return null;
        var owner = await db.FindByEmailAsync(found.Email, ct);
        // The login of a platform administrator opens no hospital.
        if (owner is not { HospitalId: not null, Login: { } known }) return null;
        // Whoever has begun to replace a temporary password does not go on with a login that is emptied. Links before logins, as wherever both are changed.
        await links.EndAllAsync(known.Id, ct);
        // One after the other, and neither while the password is changed nor while the hospital changes the user's address.
        await secondFactors.LockAsync(known, ct);
        await sessions.LockAsync(found.Link.UserId, ct);
        var login = await db.Logins.SingleOrDefaultAsync(l => l.Id == known.Id && l.EmailKey == known.EmailKey, ct);
        var account = await Awaiting(found.Link).Include(a => a.Membership).Include(a => a.Hospital).SingleOrDefaultAsync(ct);
        if (login is null || account is not { CanLogIn: true } || !await CanOpenAsync(login, account, ct)) return null;

        (account.Membership!.LoginId, account.Membership.AwaitsLogin) = (login.Id, false);
        mails.Add(MailKind.HospitalLinked, account.Id);
        var isProven = login.EmailVerifiedAt is not null;
        if (!isProven) (login.PasswordHash, login.HasTemporaryPassword, login.EmailVerifiedAt) = (null, false, db.UtcNow);
        await db.SaveChangesAsync(ct);
        if (!isProven)
        {
            await secondFactors.RemoveAllAsync(owner, ct);
            await sessions.EndAllOfLoginAsync(login.Id, ct);
        }
        await trail.RecordChangeAsync("link_hospital", account.Id, ct, AuditKind.Account, isProven ? [] : ["password", "second_factors"]);
        var token = login.PasswordHash is null ? await links.CreateAsync(account.Id, LinkPurpose.PasswordReset, login.Email, ct) : null;
        await transaction.CommitAsync(ct);
        return new(token);
    }

    /// <summary>Returns whether a login can open a further user: it opens no other of the hospital, and not too many.</summary>
    private async Task<bool> CanOpenAsync(Login login, Account account, CancellationToken ct)
    {
        var hospitals = await db.Accounts.Where(a => a.Membership!.LoginId == login.Id).Select(a => a.HospitalId).ToListAsync(ct);
        return hospitals.Count < SessionUser.MaxHospitals && !hospitals.Contains(account.HospitalId);
    }

    /// <summary>Returns the user of a link, if the user still has the address, and awaits the login that has it.</summary>
    private IQueryable<Account> Awaiting(AccountLink link)
    {
        var key = EmailAddresses.GetLookupKey(link.NewEmail!);
        return db.Accounts.Where(a => a.Id == link.UserId && a.EmailKey == key && a.Membership!.AwaitsLogin);
    }
}
