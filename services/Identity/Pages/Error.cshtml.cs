using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedCor.Identity.Pages;

/// <summary>Shows why a request cannot be answered to the client, because its client or its redirect address is not known.</summary>
internal sealed class ErrorModel : PageModel
{
    public string Code { get; private set; } = "invalid_request";
    public string? Description { get; private set; }

    public void OnGet() => Show();

    public void OnPost() => Show();

    private void Show()
    {
        if (HttpContext.GetOpenIddictServerResponse() is { } response) (Code, Description) = (response.Error ?? Code, response.ErrorDescription);
        Response.StatusCode = StatusCodes.Status400BadRequest;
    }
}
