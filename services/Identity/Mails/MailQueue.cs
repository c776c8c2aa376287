using MedCor.Contracts;
using MedCor.Identity.Accounts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Mails;

/// <summary>
/// Adds mails to those that wait to be sent. A mail is saved with what it tells: it is sent if and only if that is committed. Where no mail server is
/// configured, nothing is added.
/// </summary>
internal sealed class MailQueue(IdentityDb db, IOptions<MailOptions> options)
{
    /// <summary>The number of waiting mails from which on strangers can add none.</summary>
    internal const int MaxWaiting = 10_000;

    /// <summary>The number of administrators of a hospital who are told of a change of its settings.</summary>
    internal const int MaxAdmins = 100;

    /// <summary>The time for which sending is retried for a mail that only reports what has happened.</summary>
    internal static readonly TimeSpan NoticeLifetime = TimeSpan.FromDays(2);

    /// <summary>Gets whether a mail server is configured.</summary>
    internal bool SendsMail => options.Value.IsConfigured;

    /// <summary>Adds a mail about an account to the unit of work.</summary>
    /// <param name="recipient">The address to send to; null for the address that the account has when the mail is sent.</param>
    internal void Add(MailKind kind, Guid userId, string? recipient = null)
    {
        if (!SendsMail) return;
        var lifetime = kind is MailKind.Invitation or MailKind.EmailConfirmation or MailKind.EmailCorrection or MailKind.PasswordReset
            ? AccountLinks.Lifetime
            : NoticeLifetime;
        var now = db.UtcNow;
        db.Add(new Mail { Kind = kind, UserId = userId, Recipient = recipient, CreatedAt = now, DueAt = now, ExpiresAt = now + lifetime });
    }

    /// <summary>Adds a mail to each active administrator of a hospital to the unit of work.</summary>
    internal async Task AddForAdminsAsync(MailKind kind, Guid hospitalId, CancellationToken ct)
    {
        if (!SendsMail) return;
        var admins = db.Accounts.Where(a => a.HospitalId == hospitalId && a.Role == Role.Admin && a.IsActive && a.ServiceScope == null);
        foreach (var id in await admins.OrderBy(a => a.Id).Take(MaxAdmins).Select(a => a.Id).ToListAsync(ct)) Add(kind, id);
    }

    /// <summary>
    /// Requests a change of the address of somebody else within the caller's transaction, in place of a former request, and adds the mails to both addresses.
    /// </summary>
    internal async Task AddEmailChangeAsync(Account account, string newEmail, CancellationToken ct)
    {
        var (id, now) = (account.Id, db.UtcNow);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO email_changes (user_id, new_email, effective_at, expires_at)
            VALUES ({id}, {newEmail}, {now + PendingEmailChange.ObjectionTime}, {now + PendingEmailChange.Lifetime})
            ON CONFLICT (user_id) DO UPDATE
            SET new_email = excluded.new_email, effective_at = excluded.effective_at, expires_at = excluded.expires_at
            """, ct);
        Add(MailKind.EmailChangeReview, id, account.Login?.Email ?? account.Email);
        Add(MailKind.EmailChangeByOthers, id, newEmail);
    }

    /// <summary>
    /// Adds a mail with a link for a new password, for whoever has an address. The same is done, in the same time, if nobody has it. An address that already
    /// waits for one is not added again.
    /// </summary>
    internal async Task AddResetAsync(string email, CancellationToken ct)
    {
        if (!SendsMail) throw new Unavailable($"No link can be sent: {MailOptions.NotConfigured}.");
        if (await db.Mails.Take(MaxWaiting).CountAsync(ct) == MaxWaiting) throw new Unavailable("Too many mails wait to be sent. Retry later.", retryAfter: 60);
        var (kind, recipient, now) = (EnumNames.Of(MailKind.PasswordReset), email.Trim().ToLowerInvariant(), db.UtcNow);
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO mails (id, kind, recipient, created_at, due_at, expires_at, attempts)
            VALUES ({Guid.CreateVersion7()}, {kind}, {recipient}, {now}, {now}, {now + AccountLinks.Lifetime}, 0) ON CONFLICT DO NOTHING
            """, ct);
    }
}
