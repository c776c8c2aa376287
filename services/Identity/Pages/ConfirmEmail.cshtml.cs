using MedCor.Contracts;
using MedCor.Identity.Recovery;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Confirms a new e-mail address by a link. Opening the page does not spend the link.</summary>
internal sealed class ConfirmEmailModel(EmailChange change, IStringLocalizer<PageTexts> texts) : PageModel
{
    /// <summary>Gets the address that the link confirms.</summary>
    public string Email { get; private set; } = "";

    /// <summary>Gets the time until which the user of the account can object; null when the address can be confirmed.</summary>
    public DateTimeOffset? WaitsUntil { get; private set; }

    public bool IsConfirmed { get; private set; }

    /// <summary>Gets why the address cannot be confirmed; null when it can.</summary>
    public string? Error { get; private set; }

    public async Task OnGetAsync(string? token)
    {
        if (await change.FindLinkAsync(token, HttpContext.RequestAborted) is { } found) Show(found);
        else Refuse(texts["This link is not valid, or no longer. A link works once, within 30 minutes."]);
    }

    public async Task OnPostAsync(string? token)
    {
        try
        {
            var found = await change.FindLinkAsync(token, HttpContext.RequestAborted);
            if (found is not null) Show(found);
            if (WaitsUntil is not null) return;
            IsConfirmed = found is not null && await change.ConfirmAsync(found.Link, HttpContext.RequestAborted);
            if (!IsConfirmed) Refuse(texts["This link is not valid, or no longer. A link works once, within 30 minutes."]);
        }
        catch (Conflict)
        {
            Refuse(texts["Another account has this e-mail address by now."]);
        }
    }

    private void Show(EmailConfirmation found) => (Email, WaitsUntil) = (found.Link.NewEmail!, found.WaitsUntil);

    private void Refuse(string error)
    {
        Error = error;
        Response.StatusCode = StatusCodes.Status400BadRequest;
    }
}
