using MedCor.Identity.Accounts;
using MedCor.Identity.Authorization;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedCor.Identity.Pages;

/// <summary>
/// Represents a page about the user's own account. Who is not logged in logs in first; who has to set up a second factor does that first.
/// </summary>
internal abstract class AccountPageModel(BrowserLogIns logIns) : PageModel
{
    /// <summary>The age of a login with which second factors can be added: a browser that was left open is not enough.</summary>
    private static readonly TimeSpan RecentLogIn = TimeSpan.FromMinutes(15);

    /// <summary>Gets who has logged in.</summary>
    public BrowserLogIn LogIn { get; private set; } = null!;

    /// <summary>Gets whether the page sets up a second factor.</summary>
    protected virtual bool IsEnrollment => false;

    /// <summary>Returns whether the user has logged in so recently that nobody else is likely to sit there.</summary>
    protected bool HasLoggedInRecently(TimeProvider clock) => clock.GetUtcNow() - LogIn.At <= RecentLogIn;

    /// <summary>Returns whether a login is recent enough to add a second factor. Who has none yet cannot prove more.</summary>
    private bool IsRecent(BrowserLogIn login) =>
        HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() - (login.MustEnroll ? login.ValidFrom : login.At) <= RecentLogIn;

    /// <summary>Logs this browser out.</summary>
    protected Task EndLogInAsync() => logIns.EndAsync(HttpContext, LogIn);

    /// <summary>Logs this browser in again, after all sessions of the user were ended.</summary>
    protected Task LogInAgainAsync(DateTimeOffset endedAt) => logIns.StartAgainAsync(HttpContext, LogIn, endedAt);

    /// <summary>Opens another user of the login in this browser. The login is not prolonged by that.</summary>
    protected Task OpenAsync(Account other) => logIns.StartAsync(HttpContext, other, LogIn.Methods, LogIn.At, LogIn.ValidFrom);

    /// <summary>Records that the user has shown a second factor in this browser.</summary>
    protected Task AddFactorAsync(string methods) => logIns.AddFactorAsync(HttpContext, LogIn, methods);

    public override async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        var here = Request.Path + (HttpMethods.IsGet(Request.Method) ? Request.QueryString.Value : "");
        if (await logIns.FindAsync(HttpContext) is not { } login
            || IsEnrollment && (!IsRecent(login) || !login.CanChangeFactors))
        {
            context.Result = Redirect(PagePaths.WithReturn(PagePaths.LogIn, here));
            return;
        }
        if (login.MustEnroll && !IsEnrollment)
        {
            context.Result = Redirect(PagePaths.WithReturn(PagePaths.Authenticator, here));
            return;
        }
        LogIn = login;
        await next();
    }
}
