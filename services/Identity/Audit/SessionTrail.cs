using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Platform.Audit;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Audit;

/// <summary>
/// Records in the audit trail what no tool does: logins and their failures, ends of sessions, and changes and uses of what users log in with. Each event is
/// recorded in the transaction of the change that it describes and in the trail of the user's hospital; for an address that nobody has, in that of the
/// platform.
/// </summary>
internal sealed class SessionTrail(IdentityDb db, IAuditTrail trail)
{
    /// <summary>A login, or an attempt that was refused.</summary>
    internal const string LogIn = "log_in";

    /// <summary>A session of another hospital that its user has opened from one.</summary>
    internal const string SwitchHospital = "switch_hospital";

    /// <summary>A session that its user has ended.</summary>
    internal const string LogOut = "log_out";

    /// <summary>A session that has ended by the hospital's rules, or that its user has ended from another one.</summary>
    internal const string EndSession = "end_session";

    /// <summary>A lock after too many failures.</summary>
    internal const string LockOut = "lock_out";

    /// <summary>The second use of a refresh token or an authorization code, which was copied.</summary>
    internal const string ReuseToken = "reuse_token";

    /// <summary>Gets or sets the session of the browser that has sent the request; all zeros when there is none.</summary>
    internal Guid BrowserSessionId { get; set; }

    /// <summary>Records what a user has done with a session.</summary>
    /// <param name="clientId">The client program of the session; null for none.</param>
    internal Task RecordAsync(string action, Account account, Guid sessionId, CancellationToken ct, string? clientId = null,
        AuditOutcome outcome = AuditOutcome.Done) =>
        trail.RecordAsync(GetActor(account, sessionId, clientId), new(action, "sessions", sessionId, GetPatientId(account)) { Kind = AuditKind.Session },
            outcome, account.HospitalId, ct);

    /// <summary>Records what has happened to a session, if it exists.</summary>
    internal async Task RecordAsync(string action, Guid sessionId, CancellationToken ct, AuditOutcome outcome = AuditOutcome.Done)
    {
        var session = await db.Sessions.AsNoTracking().Include(s => s.User).SingleOrDefaultAsync(s => s.Id == sessionId, ct);
        if (session?.User is { } account) await RecordAsync(action, account, session.Id, ct, session.ClientId, outcome);
    }

    /// <summary>Records what users have changed about how they log in themselves.</summary>
    /// <param name="fields">What exactly was changed or used; nothing for what the action says alone.</param>
    internal async Task RecordChangeAsync(string action, Guid userId, CancellationToken ct, AuditKind kind = AuditKind.Session, params string[] fields)
    {
        var account = await FindAsync(userId, ct);
        await trail.RecordAsync(GetActor(account, BrowserSessionId), Describe(action, account, kind, fields), AuditOutcome.Done, account.HospitalId, ct);
    }

    /// <summary>Records what the owner of a login has changed about it, in the trail of each hospital that it opens.</summary>
    /// <param name="account">The user who has changed it, with the login.</param>
    internal async Task RecordChangeOfLoginAsync(string action, Account account, CancellationToken ct, AuditKind kind = AuditKind.Session)
    {
        var loginId = account.Login!.Id;
        foreach (var opened in await db.Accounts.AsNoTracking().Where(a => a.Membership!.LoginId == loginId).OrderBy(a => a.Id).ToListAsync(ct))
            await trail.RecordAsync(GetActor(opened, opened.Id == account.Id ? BrowserSessionId : Guid.Empty), Describe(action, opened, kind, []),
                AuditOutcome.Done, opened.HospitalId, ct);
    }

    /// <summary>Records what the system has done with an account.</summary>
    internal async Task RecordBySystemAsync(string action, Guid userId, CancellationToken ct, AuditKind kind = AuditKind.Session, params string[] fields)
    {
        var account = await FindAsync(userId, ct);
        await trail.RecordAsync(AuditActor.System, Describe(action, account, kind, fields), AuditOutcome.Done, account.HospitalId, ct);
    }

    /// <summary>Records what somebody has attempted, or caused, who is not known to be the user.</summary>
    /// <param name="account">The account that was named; null when nobody has it.</param>
    /// <param name="hospitalId">The hospital in which it was attempted, when no account says so; null for the platform.</param>
    /// <param name="fields">What was missing; nothing for what the action says alone.</param>
    internal Task RecordOfStrangerAsync(string action, Account? account, AuditOutcome outcome, CancellationToken ct, Guid? hospitalId = null,
        params string[] fields) =>
        trail.RecordAsync(AuditActor.Anonymous,
            account is null ? new(action, "users") { Kind = AuditKind.Session } : Describe(action, account, AuditKind.Session, fields),
            outcome, account is null ? hospitalId : account.HospitalId, ct);

    private Task<Account> FindAsync(Guid userId, CancellationToken ct) => db.Accounts.AsNoTracking().SingleAsync(a => a.Id == userId, ct);

    private static AuditedAccess Describe(string action, Account account, AuditKind kind, string[] fields) =>
        new(action, "users", account.Id, GetPatientId(account)) { Kind = kind, Fields = fields.Length > 0 ? fields : null };

    private static AuditActor GetActor(Account account, Guid sessionId, string? clientId = null) =>
        AuditActor.Of(new Caller(account.Id, account.Email ?? "", account.Role, account.HospitalId, sessionId, IssuedAt: default, ExpiresAt: default)
        {
            ClientId = clientId,
        });

    private static Guid? GetPatientId(Account account) => account.Role == Role.Patient ? account.Id : null;
}
