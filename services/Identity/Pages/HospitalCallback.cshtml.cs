using MedCor.Identity.Accounts;
using MedCor.Identity.Authorization;
using MedCor.Identity.Federation;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.SecondFactors;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>
/// Receives the answer of a hospital's identity provider and logs the browser in. A user who has a second factor at MedCor, and has shown none at the provider,
/// is asked for it next. Who has none where one is required is refused: a login through a provider sets up none.
/// </summary>
internal sealed class HospitalCallbackModel(IdentityDb db, ProviderSettings providers, ProviderClient client, ProviderLogIn logIn,
    BrowserLogIns browsers, SecondFactorManager secondFactors, IStringLocalizer<PageTexts> texts, TimeProvider clock) : PageModel
{
    /// <summary>Gets the reason for which the user is not logged in.</summary>
    public string Error { get; private set; } = "";

    /// <summary>Gets the address to which the browser returns in the end.</summary>
    public string? ReturnUrl { get; private set; }

    public async Task<IActionResult> OnGetAsync([FromRoute] Guid hospital, [FromQuery] string? state, [FromQuery] string? code, [FromQuery] string? error,
        [FromQuery(Name = "iss")] string? issuer)
    {
        var ct = HttpContext.RequestAborted;
        var attempt = await ProviderAttempt.EndAsync(HttpContext, hospital, state);
        // A copy of the cookie does not make the answer good again.
        if (attempt is null || !await db.TryUseOnceAsync($"provider state {attempt.State}", clock.GetUtcNow() + ProviderAttempt.Lifetime, ct)
            || await providers.FindAsync(hospital, ct) is not { } provider || provider.Version != attempt.Version)
            return Refuse(texts["This login is over, or was begun in another browser. Start again."]);

        ReturnUrl = attempt.ReturnUrl;
        if (error is not null || string.IsNullOrEmpty(code))
            return Refuse(texts["Your hospital has not logged you in. Try again, or ask the administrators of your hospital."]);
        if (await client.RedeemAsync(provider, attempt, providers.GetRedirectUri(hospital), code, issuer, ct) is not { } identity)
            return Refuse(texts["The answer of your hospital could not be used. Try again. If it happens again, tell the administrators of your hospital."]);
        if (await logIn.FindAsync(provider, identity, ct) is not { } account)
            return Refuse(texts["You cannot log in to MedCor with this account. Ask the administrators of your hospital."], StatusCodes.Status403Forbidden);
        return await LogInAsync(account, identity);
    }

    private async Task<IActionResult> LogInAsync(Account account, ProviderIdentity identity)
    {
        var (validFrom, ct) = (clock.GetUtcNow(), HttpContext.RequestAborted);
        var hasFactors = (await secondFactors.FindAsync(account.Login!, ct)).Any;
        if (!hasFactors && await secondFactors.IsMissingAsync(account, identity.Methods, ct))
            return Refuse(texts["Your hospital requires a second factor. Log in with your password to set one up, or ask the administrators of your hospital."],
                StatusCodes.Status403Forbidden);
        if (hasFactors && !AuthenticationMethods.HasTwoFactors(identity.Methods))
        {
            await LogInCookie.BeginAsync(HttpContext, account, identity.Methods, identity.AuthenticatedAt, validFrom);
            return LocalRedirect(PagePaths.WithReturn(PagePaths.SecondFactor, ReturnUrl));
        }
        // The login that is replaced may be one of another hospital, in whose trail its end is recorded.
        db.Tenancy.Enter(hospital: null);
        await browsers.StartAsync(HttpContext, account, identity.Methods, identity.AuthenticatedAt, validFrom);
        return LocalRedirect(ReturnUrl ?? "/");
    }

    private PageResult Refuse(string error, int status = StatusCodes.Status400BadRequest)
    {
        Error = error;
        Response.StatusCode = status;
        return Page();
    }
}
