using MedCor.Contracts;
using MedCor.Identity.Authorization;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.Recovery;
using MedCor.Identity.SecondFactors;
using MedCor.Identity.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Asks a user for the e-mail address and the password, and returns to the page that needs to know who the user is.</summary>
internal sealed class LogInModel(PasswordLogIn passwords, PasskeyManager passkeys, PasswordSetter setter, ProviderSettings providers, BrowserLogIns logIns,
    IStringLocalizer<PageTexts> texts, TimeProvider clock) : PageModel
{
    private const int MaxEmailLength = 254;

    /// <summary>Gets the reason for which the last attempt was refused.</summary>
    public string? Error { get; private set; }

    public string Email { get; private set; } = "";

    /// <summary>Gets the form that logs in with a passkey instead.</summary>
    public PasskeyLogInForm? Passkey { get; private set; }

    /// <summary>Gets the address of the page for those who log in through their hospital.</summary>
    public string HospitalUrl { get; private set; } = "";

    public Task OnGetAsync([FromQuery(Name = "return")] string? returnUrl) => ShowAsync(returnUrl);

    public async Task<IActionResult> OnPostPasskeyAsync([FromQuery(Name = "return")] string? returnUrl, string? credential, string? state)
    {
        if (await passkeys.VerifyAsync(HttpContext, account: null, credential ?? "", state ?? "") is var (opened, methods))
        {
            var account = await passwords.ChooseAsync(opened, HttpContext.RequestAborted);
            if (await providers.FindRequiredAsync(account, HttpContext.RequestAborted) is { } required)
                return Redirect(PagePaths.ForHospital(required.Subdomain, returnUrl));
            await logIns.StartAsync(HttpContext, account, methods, clock.GetUtcNow());
            return LocalRedirect(Url.IsLocalUrl(returnUrl) ? returnUrl : "/");
        }
        return await RefuseAsync(texts["This passkey is not known, or took too long. Try again, or log in another way."], returnUrl);
    }

    public async Task<IActionResult> OnPostAsync([FromQuery(Name = "return")] string? returnUrl, string? email, string? password)
    {
        Email = email ?? "";
        try
        {
            // What is no address is nobody's.
            var verified = Email.Length > MaxEmailLength || Email.Any(char.IsControl)
                ? null
                : await passwords.VerifyAsync(Email, password ?? "", HttpContext.RequestAborted);
            if (verified is { Methods: { } methods })
            {
                await logIns.StartAsync(HttpContext, verified.Account, methods, clock.GetUtcNow());
                return LocalRedirect(Url.IsLocalUrl(returnUrl) ? returnUrl : "/");
            }
            if (verified is not null)
            {
                await LogInCookie.BeginAsync(HttpContext, verified.Account, AuthenticationMethods.Password, clock.GetUtcNow());
                return LocalRedirect(PagePaths.WithReturn(PagePaths.SecondFactor, returnUrl));
            }
            return await RefuseAsync(texts["The e-mail address or the password is wrong."], returnUrl);
        }
        catch (TemporaryPassword temporary)
        {
            return Redirect(SetPasswordModel.GetUrl(await setter.CreateLinkAsync(temporary, HttpContext.RequestAborted), returnUrl));
        }
        catch (ProviderRequired required)
        {
            return Redirect(PagePaths.ForHospital(required.Subdomain, returnUrl));
        }
        catch (RateLimited locked)
        {
            return await RefuseAsync(this.Refuse(locked, texts), returnUrl);
        }
    }

    private async Task<PageResult> RefuseAsync(string error, string? returnUrl)
    {
        Error = error;
        Response.StatusCode = StatusCodes.Status400BadRequest;
        await ShowAsync(returnUrl);
        return Page();
    }

    private async Task ShowAsync(string? returnUrl)
    {
        HospitalUrl = PagePaths.WithReturn(PagePaths.HospitalLogIn, returnUrl);
        this.AllowScripts();
        Passkey = new(PagePaths.PasskeyHandler(PagePaths.LogIn, returnUrl), await passkeys.BeginLogInAsync(HttpContext, account: null));
    }
}
