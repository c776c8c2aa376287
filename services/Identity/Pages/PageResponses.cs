using System.Globalization;
using MedCor.Contracts;
using MedCor.Identity.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.Localization;

namespace MedCor.Identity.Pages;

internal static class PageResponses
{
    /// <summary>Permits the page to load MedCor's own script.</summary>
    internal static void AllowScripts(this PageModel page) => page.Response.Headers.ContentSecurityPolicy = AuthorizationServer.PolicyWithScript;

    /// <summary>Returns the text for a user who is locked out, and says in the response when to try again.</summary>
    internal static string Refuse(this PageModel page, RateLimited locked, IStringLocalizer<PageTexts> texts)
    {
        page.Response.Headers.RetryAfter = locked.RetryAfter?.ToString(CultureInfo.InvariantCulture);
        return texts["Too many failed attempts. Wait {0} seconds before you try again.", locked.RetryAfter ?? 1];
    }
}
