using MailKit.Net.Smtp;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Mails;

/// <summary>
/// Sends the waiting mails. A mail that cannot be sent is tried again after growing pauses until it expires. If this process ends between sending and deleting
/// a mail, another one sends it again. Any number of replicas may run it.
/// </summary>
internal sealed partial class MailSender(
    IServiceScopeFactory scopes, IOptions<MailOptions> options, IHostEnvironment environment, TimeProvider clock, ILogger<MailSender> log)
    : PeriodicService(TimeSpan.FromSeconds(1), clock, log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    /// <summary>The time for which a mail belongs to the replica that sends it.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(1);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (!options.Value.IsConfigured && !environment.IsDevelopment()) LogNotConfigured(log, MailOptions.UrlVariable);
        return base.StartAsync(cancellationToken);
    }

    protected override async Task RunOnceAsync(CancellationToken ct)
    {
        if (!options.Value.IsConfigured) return;
        while (await SendNextAsync(ct)) { }
    }

    /// <summary>Returns the pause after a number of failed attempts.</summary>
    internal static TimeSpan PauseAfter(int attempts) => TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(attempts - 1, 7)));

    /// <summary>Sends the mail that has been due for longest; false when there is none, or when the mail server did not take it.</summary>
    internal async Task<bool> SendNextAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var db = services.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        if (await ClaimNextAsync(db, ct) is not { } mail) return false;

        string? token = null;
        var links = services.GetRequiredService<AccountLinks>();
        try
        {
            var newEmail = await FindNewEmailAsync(db, mail, ct);
            var isStopped = newEmail is null && mail.Kind is MailKind.EmailChangeByOthers or MailKind.EmailChangeReview;
            if (!isStopped && await FindAccountAsync(db, links, mail, ct) is { } account && await DecideAsync(db, mail, account, ct) is var (kind, to))
            {
                // A link in place of which the owner of the address is told something counts as one that was sent, and nobody has it.
                if (GetPurpose(kind == MailKind.EmailTaken ? mail.Kind : kind) is { } purpose)
                    token = await links.CreateAsync(account.Id, purpose, newEmail ?? to, ct);
                var message = services.GetRequiredService<MailComposer>().Compose(kind, account, to, token, newEmail);
                await services.GetRequiredService<SmtpConnection>().SendAsync(message, ct);
            }
            await DeleteAsync(db, mail, ct);
            return true;
        }
        catch (SmtpCommandException e) when (e.ErrorCode == SmtpErrorCode.RecipientNotAccepted && (int)e.StatusCode >= 500)
        {
            // It will not be accepted later either.
            LogRefused(log, mail.Kind, mail.Id);
            if (token is not null) await links.DeleteAsync(token, ct);
            await DeleteAsync(db, mail, ct);
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested) // any exception: the next mail may be one that can be sent
        {
            // The message of the exception can contain an address.
            LogFailure(log, mail.Kind, mail.Id, mail.Attempts, e.GetType().Name);
            if (token is not null) await links.DeleteAsync(token, ct);
            var due = db.UtcNow + PauseAfter(mail.Attempts);
            await db.Mails.Where(m => m.Id == mail.Id).ExecuteUpdateAsync(m => m.SetProperty(x => x.DueAt, due), ct);
            return false;
        }
    }

    private static async Task<Mail?> ClaimNextAsync(IdentityDb db, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var now = db.UtcNow;
        if (await db.NextMail(now).ToListAsync(ct) is not [var mail]) return null;
        mail.Attempts++;
        mail.DueAt = now + Claim;
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return mail;
    }

    /// <summary>Returns the account that a mail is about; null when the mail need not be sent.</summary>
    private static async Task<Account?> FindAccountAsync(IdentityDb db, AccountLinks links, Mail mail, CancellationToken ct)
    {
        var account = mail.UserId is { } id
            ? await db.Accounts.AsNoTracking().Include(a => a.Membership!.Login).Include(a => a.Hospital).SingleAsync(a => a.Id == id, ct)
            : await db.FindByEmailAsync(mail.Recipient!, ct);
        if (account is not { CanLogIn: true }) return null;
        LinkPurpose? limited = mail.Kind switch
        {
            MailKind.Invitation => account.Login is null ? LinkPurpose.HospitalLink : LinkPurpose.Invitation,
            MailKind.PasswordReset => LinkPurpose.PasswordReset,
            _ => null,
        };
        return limited is { } purpose && await links.HasTooManyAsync(account.Id, purpose, ct) ? null : account;
    }

    /// <summary>
    /// Returns what a mail says and to whom; null when it need not be sent. Whether somebody else has an address is found here, where nobody can measure it.
    /// </summary>
    private static async Task<(MailKind Kind, string To)?> DecideAsync(IdentityDb db, Mail mail, Account account, CancellationToken ct)
    {
        if (mail.Kind == MailKind.Invitation)
        {
            if (account.Login is { } login) return login.PasswordHash is null ? (MailKind.Invitation, login.Email) : null;
            if (account is not { Membership.AwaitsLogin: true, Email: { } email }) return null;
            var owner = await db.FindByEmailAsync(email, ct);
            // A platform administrator's login opens no hospital.
            return owner?.Login is not { } theirs ? null : (owner.HospitalId is null ? MailKind.EmailTaken : MailKind.HospitalLink, theirs.Email);
        }
        if ((mail.UserId is null ? null : mail.Recipient) is not { } recipient)
            return (account.Login?.Email ?? account.Email) is { } own ? (mail.Kind, own) : null;
        var isTaken = mail.Kind is MailKind.EmailConfirmation or MailKind.EmailCorrection or MailKind.EmailChangeByOthers
            && (await db.FindAllByEmailAsync(recipient, ct)).Any(a => a.Login!.Id != account.Login?.Id);
        return (isTaken ? MailKind.EmailTaken : mail.Kind, recipient);
    }

    /// <summary>Returns the new address that a mail is about; null when it is about none, or when the change was stopped or replaced by another.</summary>
    private static async Task<string?> FindNewEmailAsync(IdentityDb db, Mail mail, CancellationToken ct)
    {
        if (mail.Kind is MailKind.EmailConfirmation or MailKind.EmailCorrection) return mail.Recipient;
        if (mail.Kind is not (MailKind.EmailChangeByOthers or MailKind.EmailChangeReview)) return null;
        var newEmail = await db.EmailChanges.Where(c => c.UserId == mail.UserId).Select(c => c.NewEmail).SingleOrDefaultAsync(ct);
        return mail.Kind == MailKind.EmailChangeReview || newEmail == mail.Recipient ? newEmail : null;
    }

    private static LinkPurpose? GetPurpose(MailKind kind) => kind switch
    {
        MailKind.Invitation => LinkPurpose.Invitation,
        MailKind.PasswordReset => LinkPurpose.PasswordReset,
        MailKind.EmailConfirmation => LinkPurpose.EmailChange,
        MailKind.EmailCorrection => LinkPurpose.EmailCorrection,
        MailKind.EmailChangeByOthers => LinkPurpose.EmailChangeByOthers,
        MailKind.EmailChangeReview => LinkPurpose.EmailChangeReview,
        MailKind.HospitalLink => LinkPurpose.HospitalLink,
        _ => null,
    };

    private static Task<int> DeleteAsync(IdentityDb db, Mail mail, CancellationToken ct) => db.Mails.Where(m => m.Id == mail.Id).ExecuteDeleteAsync(ct);

    [LoggerMessage(2100, LogLevel.Warning, "{Variable} is not set: nobody can be invited, and nobody can set a new password by mail")]
    private static partial void LogNotConfigured(ILogger log, string variable);

    [LoggerMessage(2101, LogLevel.Warning, "The mail server refused the recipient of a mail, {Kind} {Mail}. It is not sent")]
    private static partial void LogRefused(ILogger log, MailKind kind, Guid mail);

    [LoggerMessage(2102, LogLevel.Warning, "A mail, {Kind} {Mail}, could not be sent at attempt {Attempt} and is retried: {Error}")]
    private static partial void LogFailure(ILogger log, MailKind kind, Guid mail, int attempt, string error);
}
