using MedCor.Contracts;
using MedCor.Identity.Accounts;
using MedCor.Identity.Authorization;
using MedCor.Identity.Recovery;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Asks a user who has proved one factor for a second one. Only with both is the browser logged in.</summary>
internal sealed class SecondFactorModel(
    CodeCheck codes, SecondFactorManager secondFactors, PasskeyManager passkeys, ClientSessions sessions, PasswordLogIn passwords, PasswordSetter setter,
    BrowserLogIns logIns, IStringLocalizer<PageTexts> texts, TimeProvider clock) : PageModel
{
    /// <summary>Gets the reason for which the last attempt was refused.</summary>
    public string? Error { get; private set; }

    /// <summary>Gets the form that sends a passkey; null for a user who has none.</summary>
    public PasskeyLogInForm? Passkey { get; private set; }

    /// <summary>Gets the address to which the page returns in the end.</summary>
    [FromQuery(Name = "return")]
    public string? ReturnUrl { get; init; }

    public async Task<IActionResult> OnGetAsync() => await FindAttemptAsync() is (_, { } account) ? await ShowAsync(account) : StartAgain();

    public async Task<IActionResult> OnPostAsync(string? code)
    {
        if (await FindAttemptAsync() is not ({ } attempt, { } account)) return StartAgain();
        try
        {
            return await codes.VerifyAsync(account, code ?? "", HttpContext.RequestAborted) is { } methods
                ? await LogInAsync(attempt, account, methods)
                : await ShowAsync(account, texts["The code is wrong or was used before."]);
        }
        catch (RateLimited locked)
        {
            return await ShowAsync(account, this.Refuse(locked, texts));
        }
    }

    public async Task<IActionResult> OnPostPasskeyAsync(string? credential, string? state)
    {
        if (await FindAttemptAsync() is not ({ } attempt, { } account)) return StartAgain();
        return await passkeys.VerifyAsync(HttpContext, account, credential ?? "", state ?? "") is var (_, methods)
            ? await LogInAsync(attempt, account, methods)
            : await ShowAsync(account, texts["This passkey is not known, or took too long. Try again, or log in another way."]);
    }

    private async Task<IActionResult> LogInAsync(CookieLogIn attempt, Account account, string methods)
    {
        if (!AuthenticationMethods.IsFederated(attempt.Methods) && await passwords.FindTemporaryAsync(account, HttpContext.RequestAborted) is { } temporary)
            return Redirect(SetPasswordModel.GetUrl(await setter.CreateLinkAsync(temporary, HttpContext.RequestAborted), ReturnUrl));
        // Also after a login at a provider that was long ago: the second factor was proved here and now.
        var now = clock.GetUtcNow();
        await logIns.StartAsync(HttpContext, account, AuthenticationMethods.Continue(attempt.Methods, methods), at: now,
            validFrom: now > attempt.ValidFrom ? now : attempt.ValidFrom);
        return LocalRedirect(Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : "/");
    }

    private async Task<IActionResult> ShowAsync(Account account, string? error = null)
    {
        Error = error;
        if (error is not null) Response.StatusCode = StatusCodes.Status400BadRequest;
        if ((await secondFactors.FindAsync(account.Login!, HttpContext.RequestAborted)).HasPasskey)
        {
            this.AllowScripts();
            Passkey = new(PagePaths.PasskeyHandler(PagePaths.SecondFactor, ReturnUrl), await passkeys.BeginLogInAsync(HttpContext, account));
        }
        return Page();
    }

    private async Task<(CookieLogIn Attempt, Account Account)?> FindAttemptAsync() =>
        await LogInCookie.FindAttemptAsync(HttpContext) is { } attempt
            && await sessions.FindAccountAsync(attempt.UserId, attempt.ValidFrom, HttpContext.RequestAborted) is { } account
                ? (attempt, account)
                : null;

    private RedirectResult StartAgain() => Redirect(PagePaths.WithReturn(PagePaths.LogIn, ReturnUrl));
}
