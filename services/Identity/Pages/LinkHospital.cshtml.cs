using MedCor.Identity.Recovery;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Adds a hospital to the user's login by a link. Opening the page does not spend the link: programs that check mails open links too.</summary>
internal sealed class LinkHospitalModel(HospitalLinks links, IStringLocalizer<PageTexts> texts) : PageModel
{
    /// <summary>Gets the name of the hospital.</summary>
    public string Hospital { get; private set; } = "";

    /// <summary>Gets the address of the login.</summary>
    public string Email { get; private set; } = "";

    public bool IsLinked { get; private set; }

    /// <summary>Gets why the hospital cannot be added; null when it can.</summary>
    public string? Error { get; private set; }

    public async Task OnGetAsync(string? token) => await FindAsync(token);

    public async Task<IActionResult> OnPostAsync(string? token)
    {
        if (await FindAsync(token) is not { } found) return Page();
        if (await links.ConfirmAsync(found, HttpContext.RequestAborted) is not { } linked) Refuse();
        else if (linked.PasswordToken is { } password) return Redirect(SetPasswordModel.GetUrl(password, returnUrl: null));
        else IsLinked = true;
        return Page();
    }

    private async Task<HospitalLink?> FindAsync(string? token)
    {
        var found = await links.FindAsync(token, HttpContext.RequestAborted);
        if (found is null) Refuse();
        else (Hospital, Email) = (found.Hospital, found.Email);
        return found;
    }

    private void Refuse()
    {
        Error = texts["This link is not valid, or no longer. A link works once, within 30 minutes."];
        Response.StatusCode = StatusCodes.Status400BadRequest;
    }
}
