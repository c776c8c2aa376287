using MedCor.Identity.Recovery;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>
/// Lets a user stop a change of the e-mail address that somebody else has requested, or allow it at once. Opening the page does not spend the link.
/// </summary>
internal sealed class ReviewEmailChangeModel(EmailChange change, IStringLocalizer<PageTexts> texts) : PageModel
{
    /// <summary>Gets the address that the account is to have.</summary>
    public string NewEmail { get; private set; } = "";

    /// <summary>Gets the time from which the new address can be confirmed.</summary>
    public DateTimeOffset EffectiveAt { get; private set; }

    /// <summary>Gets what the user has decided; null before that.</summary>
    public string? Outcome { get; private set; }

    /// <summary>Gets why nothing can be decided; null when it can.</summary>
    public string? Error { get; private set; }

    public Task OnGetAsync(string? token) => HandleAsync(token, decision: null);

    public Task OnPostAsync(string? token, string? decision) => HandleAsync(token, decision);

    private async Task HandleAsync(string? token, string? decision)
    {
        var ct = HttpContext.RequestAborted;
        if (await change.FindReviewAsync(token, ct) is not { } review)
        {
            Refuse();
            return;
        }
        (NewEmail, EffectiveAt) = (review.Link.NewEmail!, review.EffectiveAt);
        if (decision == "stop")
        {
            if (await change.StopAsync(review.Link, ct)) Outcome = texts["The change was stopped. Your account keeps its e-mail address."];
            else Refuse();
        }
        else if (decision == "allow")
        {
            if (await change.AllowAsync(review.Link, ct)) Outcome = texts["You have allowed the change. The new address can be confirmed from now on."];
            else Refuse();
        }
    }

    private void Refuse()
    {
        Error = texts["This link is not valid, or no longer. A link works once, within 24 hours."];
        Response.StatusCode = StatusCodes.Status400BadRequest;
    }
}
