using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Mails;
using MedCor.Identity.Users;
using MedCor.Platform.Database;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Recovery;

/// <summary>Changes an e-mail address once a link that was sent to the new one is confirmed.</summary>
internal sealed class EmailChange(IdentityDb db, AccountLinks links, MailQueue mails, EmailUniqueness uniqueness)
{
    /// <summary>Returns a link that confirms an address and can still be used; null when there is none. It is not spent.</summary>
    internal Task<AccountLink?> FindLinkAsync(string? token, CancellationToken ct) => links.FindAsync(token, ct, LinkPurpose.EmailChange);

    /// <summary>
    /// Makes the link's address that of the account and returns whether this call did. Throws <see cref="Conflict"/> when another user has it by now.
    /// </summary>
    internal async Task<bool> ConfirmAsync(AccountLink link, CancellationToken ct)
    {
        await uniqueness.EnsureAvailableAsync(link.NewEmail!, ct, exceptUserId: link.UserId);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await links.SpendAsync(link, ct)) return false;
        var account = await db.Accounts.Include(a => a.Hospital).Include(a => a.Credential).Include(a => a.SpecialtyLinks).ThenInclude(p => p.Specialty)
            .AsSplitQuery().SingleAsync(a => a.Id == link.UserId, ct);
        if (!account.CanLogIn) return false;
        mails.Add(MailKind.EmailChanged, account.Id, recipient: account.Email);
        account.Email = link.NewEmail!;
        account.Credential!.EmailVerifiedAt = db.UtcNow;
        account.RaiseChanged(db, user => new UserUpdated(user));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("users_email"))
        {
            throw EmailUniqueness.EmailTaken();
        }
        await transaction.CommitAsync(ct);
        return true;
    }
}
