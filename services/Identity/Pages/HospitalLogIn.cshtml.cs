using MedCor.Identity.Authorization;
using MedCor.Identity.Federation;
using MedCor.Identity.IdentityProviders;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

/// <summary>Sends users to the login page of their hospital's identity provider.</summary>
internal sealed class HospitalLogInModel(ProviderSettings providers, ProviderClient client, IStringLocalizer<PageTexts> texts) : PageModel
{
    /// <summary>Gets the reason for which the last attempt was refused.</summary>
    public string? Error { get; private set; }

    /// <summary>Gets the subdomain of the hospital.</summary>
    public string Hospital { get; private set; } = "";

    /// <summary>Gets the name of the hospital; null until it is known.</summary>
    public string? HospitalName { get; private set; }

    /// <summary>Gets the address to which the browser returns in the end.</summary>
    [FromQuery(Name = "return")]
    public string? ReturnUrl { get; init; }

    public async Task OnGetAsync(string? hospital)
    {
        if (!string.IsNullOrWhiteSpace(hospital)) await FindAsync(hospital);
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? hospital)
    {
        if (await FindAsync(hospital ?? "") is not { } provider) return Refuse();
        // Who is logged in and comes here is asked to log in anew.
        var isRepeated = await LogInCookie.FindAsync(HttpContext) is not null;
        var attempt = await ProviderAttempt.BeginAsync(HttpContext, provider, Url.IsLocalUrl(ReturnUrl) ? ReturnUrl : null);
        var address = await client.CreateRequestAsync(provider, attempt, providers.GetRedirectUri(provider.HospitalId), isRepeated, HttpContext.RequestAborted);
        if (address is not null) return Redirect(address);
        Error = texts["The login page of your hospital cannot be reached at this moment. Try again later."];
        return Refuse();
    }

    private async Task<IdentityProvider?> FindAsync(string hospital)
    {
        Hospital = hospital;
        var provider = hospital.Contains('\0', StringComparison.Ordinal) ? null : await providers.FindAsync(hospital, HttpContext.RequestAborted);
        HospitalName = provider?.Hospital!.Name;
        if (provider is null) Error = texts["There is no such hospital, or its users log in with a password."];
        return provider;
    }

    private PageResult Refuse()
    {
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}
