using MedCor.Contracts;
using MedCor.Identity.Authorization;
using MedCor.Identity.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Asks a user for the e-mail address and the password, and returns to the page that needs to know who the user is.</summary>
internal sealed class LogInModel(PasswordLogIn passwords, IStringLocalizer<PageTexts> texts, TimeProvider clock) : PageModel
{
    private const int MaxEmailLength = 254;

    /// <summary>Gets the reason for which the last attempt was refused.</summary>
    public string? Error { get; private set; }

    public string Email { get; private set; } = "";

    public async Task<IActionResult> OnPostAsync([FromQuery(Name = "return")] string? returnUrl, string? email, string? password)
    {
        Email = email ?? "";
        try
        {
            // What is no address is nobody's.
            var account = Email.Length > MaxEmailLength || Email.Any(char.IsControl)
                ? null
                : await passwords.VerifyAsync(Email, password ?? "", HttpContext.RequestAborted);
            if (account is not null)
            {
                await LogInCookie.LogInAsync(HttpContext, account, clock.GetUtcNow());
                return LocalRedirect(Url.IsLocalUrl(returnUrl) ? returnUrl : "/");
            }
            Error = texts["The e-mail address or the password is wrong."];
        }
        catch (RateLimited locked)
        {
            Response.Headers.RetryAfter = locked.RetryAfter?.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Error = texts["Too many failed attempts. Wait {0} seconds before you try again.", locked.RetryAfter ?? 1];
        }
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}
