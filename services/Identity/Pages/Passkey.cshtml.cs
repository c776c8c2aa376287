using MedCor.Identity.Authorization;
using MedCor.Identity.SecondFactors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Adds a passkey.</summary>
internal sealed class PasskeyModel(IdentityDb db, BrowserLogIns logIns, SecondFactorManager secondFactors, PasskeyManager passkeys,
    IStringLocalizer<PageTexts> texts) : AccountPageModel(logIns)
{
    /// <summary>Gets the reason for which the last answer was refused.</summary>
    public string? Error { get; private set; }

    public PasskeyChallenge Creation { get; private set; } = null!;

    /// <summary>Gets the new recovery codes, after the user's first second factor was added.</summary>
    public IReadOnlyList<string>? RecoveryCodes { get; private set; }

    /// <summary>Gets the address to which the page returns in the end.</summary>
    [FromQuery(Name = "return")]
    public string? ReturnUrl { get; init; }

    /// <summary>Gets the address to which the user continues.</summary>
    public string NextUrl => Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : PagePaths.Account;

    protected override bool IsEnrollment => true;

    public async Task OnGetAsync()
    {
        this.AllowScripts();
        Creation = await passkeys.BeginCreationAsync(HttpContext, LogIn.Account);
    }

    public async Task<IActionResult> OnPostAsync(string? name, string? credential, string? state)
    {
        var (ct, account) = (HttpContext.RequestAborted, LogIn.Account);
        var label = DisplayName.Clean(name, PasskeyManager.MaxNameLength);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await secondFactors.LockAsync(account.Login!, ct);
        if (!await passkeys.AddAsync(HttpContext, account, label.Length > 0 ? label : texts["A passkey"], credential ?? "", state ?? ""))
        {
            Error = texts["The passkey was not added. Nobody can have more than ten, and each is added within five minutes."];
            Response.StatusCode = StatusCodes.Status400BadRequest;
            await OnGetAsync();
            return Page();
        }
        if ((await secondFactors.FindAsync(account.Login!, ct)).RecoveryCodes == 0)
            RecoveryCodes = await secondFactors.RenewRecoveryCodesAsync(account, ct);
        await secondFactors.InformAsync(account, ct);
        await transaction.CommitAsync(ct);
        if (!AuthenticationMethods.HasTwoFactors(LogIn.Methods))
            await AddFactorAsync(AuthenticationMethods.AddPasskey(LogIn.Methods, isSynced: false));
        return RecoveryCodes is null ? Redirect(NextUrl) : Page();
    }
}
