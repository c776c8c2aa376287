using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Mails;
using MedCor.Validation;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Sends a link for a new password to an address. The answer is the same whether or not anybody has the address.</summary>
internal sealed class ForgotModel(MailQueue mails, IStringLocalizer<PageTexts> texts) : PageModel
{
    public bool SendsMail => mails.SendsMail;
    public string Email { get; private set; } = "";
    public string? Error { get; private set; }

    /// <summary>Gets whether the address was taken.</summary>
    public bool IsSent { get; private set; }

    public async Task<IActionResult> OnPostAsync(string? email)
    {
        Email = email ?? "";
        if (!SendsMail) return Page();
        try
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(new RequestPasswordReset(Email), Json.Options);
            await mails.AddResetAsync(ParameterReader<RequestPasswordReset>.Read(json).Email, HttpContext.RequestAborted);
            IsSent = true;
            return Page();
        }
        catch (ValidationFailed)
        {
            Error = texts["This is not an e-mail address."];
            Response.StatusCode = StatusCodes.Status400BadRequest;
        }
        catch (Unavailable busy)
        {
            Error = texts["Too many mails wait to be sent. Try again later."];
            Response.Headers.RetryAfter = busy.RetryAfter?.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
        return Page();
    }
}
