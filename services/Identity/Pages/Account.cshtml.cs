using System.Buffers;
using System.Globalization;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Identity.Authorization;
using MedCor.Identity.Hospitals;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Represents a client program that acts for the user.</summary>
/// <param name="Since">When the oldest of its sessions began.</param>
internal sealed record ConnectedApp(string ClientId, string Name, IReadOnlyList<string> Scopes, DateTimeOffset Since);

/// <summary>Shows users their second factors, sessions and connected apps, and lets them remove each.</summary>
internal sealed class AccountModel(IdentityDb db, BrowserLogIns logIns, SecondFactorManager secondFactors, CodeCheck codes, SessionManager sessions,
    HospitalSwitch hospitals, Consents consents, SignInPolicies policies, SessionTrail trail, IStringLocalizer<PageTexts> texts, TimeProvider clock)
    : AccountPageModel(logIns)
{
    /// <summary>The maximum number of sessions that are shown, the last used ones.</summary>
    private const int MaxSessions = 100;

    /// <summary>Gets the reason for which the last code was refused.</summary>
    public string? Error { get; private set; }

    /// <summary>Gets the new recovery codes, when the user has asked for some.</summary>
    public IReadOnlyList<string>? RecoveryCodes { get; private set; }

    /// <summary>Gets the reason for which another hospital was not opened.</summary>
    public string? HospitalError { get; private set; }

    /// <summary>Gets the other hospitals that the login opens.</summary>
    public IReadOnlyList<UserHospital> Hospitals { get; private set; } = [];

    public IReadOnlyList<Passkey> Passkeys { get; private set; } = [];

    public IReadOnlyList<SessionWithClient> Sessions { get; private set; } = [];

    public IReadOnlyList<ConnectedApp> Apps { get; private set; } = [];

    internal static string Format(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    public Task OnGetAsync() => LoadAsync();

    public Task<IActionResult> OnPostRemoveAuthenticatorAsync(string? code) =>
        VerifyAsync(code, () => secondFactors.RemoveAuthenticatorAsync(LogIn.Account, HttpContext.RequestAborted));

    public Task<IActionResult> OnPostRenewCodesAsync(string? code) =>
        VerifyAsync(code, async () =>
        {
            RecoveryCodes = await secondFactors.RenewRecoveryCodesAsync(LogIn.Account, HttpContext.RequestAborted);
            await secondFactors.InformAsync(LogIn.Account, HttpContext.RequestAborted);
        });

    /// <summary>Removes a passkey. Who has logged in long ago, or through a provider, logs in with a password or passkey first.</summary>
    public async Task<IActionResult> OnPostRemovePasskeyAsync(string? passkey)
    {
        if (!HasLoggedInRecently(clock) || !LogIn.CanChangeFactors) return Redirect(PagePaths.WithReturn(PagePaths.LogIn, PagePaths.Account));
        var (ct, id) = (HttpContext.RequestAborted, new byte[(passkey ?? "").Length / 2]);
        if (Convert.FromHexString(passkey ?? "", id, out _, out _) != OperationStatus.Done) return Redirect(PagePaths.Account);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await secondFactors.LockAsync(LogIn.Account.Login!, ct);
        await secondFactors.RemovePasskeyAsync(LogIn.Account, id, ct);
        await transaction.CommitAsync(ct);
        return Redirect(PagePaths.Account);
    }

    /// <summary>Opens another hospital in this browser, in place of the present one.</summary>
    public async Task<IActionResult> OnPostOpenHospitalAsync(Guid hospital)
    {
        try
        {
            await OpenAsync(await hospitals.FindAsync(LogIn.Account.Login!, hospital, LogIn.Methods, LogIn.At, HttpContext.RequestAborted));
            return Redirect(PagePaths.Account);
        }
        catch (ProviderRequired required)
        {
            return Redirect(PagePaths.ForHospital(required.Subdomain, PagePaths.Account));
        }
        catch (ApiException refused)
        {
            HospitalError = texts["This hospital wants another login: with your own password, and with a second factor if it requires one."];
            Response.StatusCode = refused.Status;
            await LoadAsync();
            return Page();
        }
    }

    public Task<IActionResult> OnPostEndSessionAsync(Guid session) => EndAsync(db.Sessions.Where(s => s.Id == session));

    public Task<IActionResult> OnPostDisconnectAsync(string? client) => EndAsync(db.Sessions.Where(s => s.ClientId == client && s.ClientId != null));

    /// <summary>Ends all sessions and the logins of all other browsers.</summary>
    public async Task<IActionResult> OnPostEndAllAsync()
    {
        var ct = HttpContext.RequestAborted;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var endedAt = await sessions.EndAllOfUserAsync(LogIn.Account.Id, ct);
        await trail.RecordChangeAsync("end_all_sessions", LogIn.Account.Id, ct);
        await transaction.CommitAsync(ct);
        await LogInAgainAsync(endedAt);
        return Redirect(PagePaths.Account);
    }

    public async Task<IActionResult> OnPostLogOutAsync()
    {
        await EndLogInAsync();
        return Redirect(PagePaths.LogIn);
    }

    private async Task<IActionResult> VerifyAsync(string? code, Func<Task> change)
    {
        try
        {
            if (await codes.VerifyAsync(LogIn.Account, code ?? "", HttpContext.RequestAborted, change) is not null)
            {
                if (RecoveryCodes is null) return Redirect(PagePaths.Account);
                await LoadAsync();
                return Page();
            }
            Error = texts["The code is wrong or was used before."];
        }
        catch (RateLimited locked)
        {
            Error = this.Refuse(locked, texts);
        }
        Response.StatusCode = StatusCodes.Status400BadRequest;
        await LoadAsync();
        return Page();
    }

    private async Task<IActionResult> EndAsync(IQueryable<Session> some)
    {
        var ct = HttpContext.RequestAborted;
        var ids = await some.Where(s => s.UserId == LogIn.Account.Id && s.RevokedAt == null).Select(s => s.Id).ToListAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        foreach (var id in ids)
        {
            await sessions.EndAsync(id, ct, SessionTrail.EndSession);
            await consents.ForgetAsync(id, ct);
        }
        await transaction.CommitAsync(ct);
        return Redirect(PagePaths.Account);
    }

    private async Task LoadAsync()
    {
        var login = LogIn.Account.Login!;
        Hospitals = await db.FindOtherHospitalsAsync(LogIn.Account, HttpContext.RequestAborted);
        Passkeys = await db.Passkeys.AsNoTracking().Where(p => p.LoginId == login.Id).OrderBy(p => p.CreatedAt).ToListAsync(HttpContext.RequestAborted);
        var live = db.Sessions.AsNoTracking()
            .FindLive(LogIn.Account.Id, await policies.GetAsync(LogIn.Account.HospitalId, HttpContext.RequestAborted), clock.GetUtcNow());
        Sessions = await live.OrderByDescending(s => s.LastUsedAt ?? s.StartedAt).Take(MaxSessions).WithClients(db).ToListAsync(HttpContext.RequestAborted);
        Apps =
        [
            .. from session in Sessions
               where session.Session.ClientId is not null
               group session by session.Session.ClientId into app
               select new ConnectedApp(app.Key!, app.First().ClientName ?? app.Key!,
                   [.. app.SelectMany(s => (s.Session.Scope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct().Order()],
                   app.Min(s => s.Session.StartedAt)),
        ];
    }
}
