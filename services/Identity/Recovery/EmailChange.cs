using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Mails;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Recovery;

/// <summary>Represents a link that confirms a new e-mail address and can still be used.</summary>
/// <param name="WaitsUntil">The time until which the user can object to the change; null when the address can be confirmed.</param>
internal sealed record EmailConfirmation(AccountLink Link, DateTimeOffset? WaitsUntil);

/// <summary>Represents a link by which a user stops or allows a change that somebody else has requested.</summary>
internal sealed record EmailChangeReview(AccountLink Link, DateTimeOffset EffectiveAt);

/// <summary>
/// Changes an e-mail address once a link that was sent to the new one is confirmed. A change that somebody else has requested waits a day for the user, who is
/// told of it at the present address and can stop it there, or allow it at once.
/// </summary>
internal sealed class EmailChange(IdentityDb db, AccountLinks links, MailQueue mails, LoginAddresses addresses, SessionTrail trail)
{
    /// <summary>Returns a link that confirms an address and can still be used; null when there is none. It is not spent.</summary>
    internal async Task<EmailConfirmation?> FindLinkAsync(string? token, CancellationToken ct)
    {
        if (await links.FindAsync(token, ct, LinkPurpose.EmailChange, LinkPurpose.EmailCorrection, LinkPurpose.EmailChangeByOthers) is not { } link)
            return null;
        if (link.Purpose != LinkPurpose.EmailChangeByOthers) return new(link, WaitsUntil: null);
        return await Pending(link).AsNoTracking().SingleOrDefaultAsync(ct) is { EffectiveAt: var effectiveAt }
            ? new(link, effectiveAt > db.UtcNow ? effectiveAt : null)
            : null;
    }

    /// <summary>Returns a link by which a user decides about a change, if it can still be used; null when there is none. It is not spent.</summary>
    internal async Task<EmailChangeReview?> FindReviewAsync(string? token, CancellationToken ct) =>
        await links.FindAsync(token, ct, LinkPurpose.EmailChangeReview) is { } link
            && await Pending(link).AsNoTracking().SingleOrDefaultAsync(ct) is { EffectiveAt: var effectiveAt }
                ? new(link, effectiveAt)
                : null;

    /// <summary>Stops the change that a link is about and returns whether this call did. All links of the account end.</summary>
    internal async Task<bool> StopAsync(AccountLink link, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await links.SpendAsync(link, ct)) return false;
        await Pending(link).ExecuteDeleteAsync(ct);
        await trail.RecordChangeAsync("stop_email_change", link.UserId, ct, AuditKind.Account);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Lets the new address be confirmed from now on and returns whether this call did.</summary>
    internal async Task<bool> AllowAsync(AccountLink link, CancellationToken ct)
    {
        var now = db.UtcNow;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await links.SpendAloneAsync(link, ct)) return false;
        await Pending(link).ExecuteUpdateAsync(c => c.SetProperty(x => x.EffectiveAt, now), ct);
        await trail.RecordChangeAsync("allow_email_change", link.UserId, ct, AuditKind.Account);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>
    /// Makes the link's address that of the account and of its login, and returns whether this call did. Throws <see cref="Conflict"/> when another login has
    /// it by now. The login of a user of several hospitals keeps its address when an administrator of one of them has requested the change. A correction of an
    /// account that nobody had used is over once somebody has.
    /// </summary>
    internal async Task<bool> ConfirmAsync(AccountLink link, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = db.UtcNow;
        var effective = await Pending(link).Where(c => c.EffectiveAt <= now).ExecuteDeleteAsync(ct);
        if (link.Purpose == LinkPurpose.EmailChangeByOthers && effective == 0) return false;
        if (!await links.SpendAsync(link, ct)) return false;
        // Another request for the account is over too.
        await db.EmailChanges.Where(c => c.UserId == link.UserId).ExecuteDeleteAsync(ct);
        var account = await db.Accounts.Include(a => a.Hospital).Include(a => a.Membership!.Login).Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty)
            .AsSplitQuery().SingleAsync(a => a.Id == link.UserId, ct);
        if (account is not { CanLogIn: true, HasLogin: true }) return false;
        if (account.Login is { } present)
        {
            await links.EndAllAsync(present.Id, ct);
            await db.LockLoginAsync(present.Id, ct);
            await db.Entry(present).ReloadAsync(ct);
        }
        if (link.Purpose == LinkPurpose.EmailCorrection && account.IsUsed) return false;
        // The former address of who awaits a login is somebody else's, who is not told the name.
        if (account.Login is { } former) mails.Add(MailKind.EmailChanged, account.Id, recipient: former.Email);
        await addresses.ReserveAsync(link.NewEmail!, account.HospitalId, ct, exceptUserId: account.Id);
        account.Email = link.NewEmail!;
        if (link.Purpose == LinkPurpose.EmailChange || account.Login is null || !await db.IsSharedAsync(account.Login, ct))
            await ChangeLoginAsync(account, link.NewEmail!, ct);
        account.RaiseChanged(db, user => new UserUpdated(user));
        await db.SaveChangesAsync(ct);
        await trail.RecordChangeAsync("change_email", account.Id, ct, AuditKind.Account);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>
    /// Changes the address of a user's login, or adds a login for a user who awaits one. Nobody has chosen its password: the user requests a link.
    /// </summary>
    private async Task ChangeLoginAsync(Account account, string email, CancellationToken ct)
    {
        if (account.Login is { } login)
        {
            if (!await addresses.TryChangeAsync(login, email, isVerified: true, ct)) throw LoginAddresses.EmailTaken();
            return;
        }
        account.Membership!.LoginId = await addresses.TryAddAsync(email, ct, isVerified: true) ?? throw LoginAddresses.EmailTaken();
        account.Membership.AwaitsLogin = false;
    }

    private IQueryable<PendingEmailChange> Pending(AccountLink link) => db.EmailChanges.Where(c => c.UserId == link.UserId && c.NewEmail == link.NewEmail);
}
