using System.Collections.Immutable;
using MedCor.Identity.Accounts;
using MedCor.Identity.Authorization;
using MedCor.Identity.SecondFactors;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace MedCor.Identity.Pages;

/// <summary>
/// Asks the user whether a client may act for them, unless the user has lately allowed the client as much. OpenIddict has verified the client's request; who is
/// not logged in logs in first.
/// </summary>
internal sealed class AuthorizeModel(ClientSessions sessions, BrowserLogIns logIns, IOpenIddictApplicationManager applications,
    DocumentedClients documented, Consents consents, TimeProvider clock) : PageModel
{
    internal const string GrantPrefix = "grant:";
    internal const string DecisionField = "decision";

    /// <summary>The field with the ID of the user who is asked, because another page can open another hospital in the browser meanwhile.</summary>
    internal const string UserField = "asked-user";

    public string ClientName { get; private set; } = "";

    /// <summary>Gets the host at which the client describes itself; null when it is registered.</summary>
    public string? ClientHost { get; private set; }

    /// <summary>Gets the host of a client's description that could not be read; null when none was to be.</summary>
    public string? UnreadableHost => documented.FailedHost;
    public string Email { get; private set; } = "";

    /// <summary>Gets the ID of the user who is asked.</summary>
    public Guid UserId { get; private set; }

    /// <summary>Gets the name of the user's hospital; null for a platform administrator.</summary>
    public string? Hospital { get; private set; }

    /// <summary>Gets the host to which the answer is sent; null when that is a program on the user's computer.</summary>
    public string? RedirectHost { get; private set; }

    public IReadOnlyList<ScopeChoice> Scopes { get; private set; } = [];

    /// <summary>Gets the parameters of the client's request, which the answer repeats.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters { get; private set; } = [];

    public string OtherAccountUrl { get; private set; } = "";

    /// <summary>Gets why the request can be answered neither by the user nor to the client, whose address is not known; null otherwise.</summary>
    public OpenIddictResponse? Failure { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        if (HttpContext.GetOpenIddictServerResponse() is { Error: not null } failure) return ShowFailure(failure);
        var request = HttpContext.GetOpenIddictServerRequest()!;
        var pushedAt = FindPushedAt();
        var login = await FindLogInAsync(request.MaxAge, pushedAt);
        // OpenID Connect Core 1.0, section 3.1.2.1: what may not be asked is answered to the client, and what must be asked anew is asked once.
        if (request.HasPromptValue(PromptValues.None))
        {
            if (login is null) return Refuse(Errors.LoginRequired, "The user is not logged in.");
            var allowed = await FindRememberedAsync(request, login);
            return allowed.IsEmpty ? Refuse(Errors.ConsentRequired, "The user must be asked.") : await StartAsync(request, login, allowed);
        }
        if (login is null || (request.HasPromptValue(PromptValues.Login) && !(login.ValidFrom > pushedAt))) return LogIn();
        if (MustEnroll(request, login)) return Enroll();
        var remembered = await FindRememberedAsync(request, login);
        return remembered.IsEmpty ? await ShowAsync(request, login.Account) : await StartAsync(request, login, remembered);
    }

    public async Task<IActionResult> OnPostAsync([FromForm(Name = DecisionField)] string? decision, [FromForm(Name = UserField)] Guid? user)
    {
        if (HttpContext.GetOpenIddictServerResponse() is { Error: not null } failure) return ShowFailure(failure);
        var request = HttpContext.GetOpenIddictServerRequest()!;
        if (await FindLogInAsync() is not { } login) return LogIn();
        if (MustEnroll(request, login)) return Enroll();
        // Who has been asked as another user, such as one of another hospital, is asked anew.
        if (decision is null || user != login.Account.Id) return await ShowAsync(request, login.Account);
        if (decision != "allow") return Refuse(Errors.AccessDenied, "The user has denied the access.");

        var scopes = ConsentScopes.Grant(request.GetScopes(), isTicked: name => Request.Form.ContainsKey(GrantPrefix + name));
        if (scopes.IsEmpty) return Refuse(Errors.AccessDenied, "The user has allowed nothing.");
        var now = clock.GetUtcNow();
        var answer = await StartAsync(request, login, scopes);
        if (answer is SignInResult && IsKnown(request))
            await consents.RememberAsync(login.Account, await GetApplicationIdAsync(request), request.RedirectUri!, scopes, now, HttpContext.RequestAborted);
        return answer;
    }

    /// <summary>Starts the client's session. Asks the user to log in again when all sessions were ended meanwhile.</summary>
    private async Task<IActionResult> StartAsync(OpenIddictRequest request, BrowserLogIn login, ImmutableArray<string> scopes)
    {
        var principal = await sessions.StartAsync(login, request.ClientId!, await GetApplicationIdAsync(request), scopes,
            request.GetResources().FirstOrDefault(), HttpContext.RequestAborted);
        return principal is null ? LogIn() : SignIn(principal, OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
    }

    /// <summary>Returns the scopes of a request for which the user need not be asked; none when the user must be.</summary>
    private async Task<ImmutableArray<string>> FindRememberedAsync(OpenIddictRequest request, BrowserLogIn login)
    {
        if (!IsKnown(request) || MustEnroll(request, login) || request.HasPromptValue(PromptValues.Consent)
            || request.HasPromptValue(PromptValues.SelectAccount))
            return [];
        return await consents.FindRememberedAsync(login.Account, await GetApplicationIdAsync(request), request.RedirectUri!, HttpContext.RequestAborted)
            is { } remembered
                ? ConsentScopes.GrantRemembered(request.GetScopes(), remembered)
                : [];
    }

    /// <summary>
    /// Returns whether it is known who asks and who is answered: a client that describes itself at an address, and is answered at one. A client that has
    /// registered itself can have any name, and on the user's computer any program could be asking.
    /// </summary>
    private bool IsKnown(OpenIddictRequest request) => documented.FindAddress(request.ClientId!) is not null && FindRedirectHost(request) is not null;

    /// <summary>Returns the host to which the answer is sent; null when that is a program on the user's computer.</summary>
    private static string? FindRedirectHost(OpenIddictRequest request) =>
        Uri.TryCreate(request.RedirectUri, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri.IdnHost : null;

    /// <summary>Returns the ID of the client's row.</summary>
    private async Task<string> GetApplicationIdAsync(OpenIddictRequest request)
    {
        var application = (await applications.FindByClientIdAsync(request.ClientId!, HttpContext.RequestAborted))!;
        return (await applications.GetIdAsync(application, HttpContext.RequestAborted))!;
    }

    /// <summary>Returns who has logged in with this browser, at most so many seconds ago or since a time; null when nobody has.</summary>
    private Task<BrowserLogIn?> FindLogInAsync(long? maxAge = null, DateTimeOffset? since = null) =>
        logIns.FindAsync(HttpContext, maxAge is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, int.MaxValue)) : null, since);

    /// <summary>
    /// Returns when the client has pushed its request (RFC 9126), in whole seconds; null when the browser has brought it. What was pushed stays the same when
    /// the browser returns from the login that it asks for.
    /// </summary>
    private DateTimeOffset? FindPushedAt() =>
        HttpContext.Features.Get<OpenIddictServerAspNetCoreFeature>()?.Transaction?
            .GetProperty<ValidateAuthorizationRequestContext>(typeof(ValidateAuthorizationRequestContext).FullName!)?.RequestTokenPrincipal?.GetCreationDate();

    /// <summary>
    /// Returns whether the user has to set up a second factor first, because the hospital requires one or the client does, by <c>acr_values</c>. A user who has
    /// one has logged in with it.
    /// </summary>
    private static bool MustEnroll(OpenIddictRequest request, BrowserLogIn login) =>
        login.MustEnroll || (!AuthenticationMethods.HasTwoFactors(login.Methods) && request.HasAcrValue(AuthenticationMethods.TwoFactorsClass)
            && !request.HasAcrValue(AuthenticationMethods.OneFactorClass));

    private async Task<PageResult> ShowAsync(OpenIddictRequest request, Account account)
    {
        var application = (await applications.FindByClientIdAsync(request.ClientId!, HttpContext.RequestAborted))!;
        ClientName = await applications.GetDisplayNameAsync(application, HttpContext.RequestAborted) ?? request.ClientId!;
        // A host in other letters than ASCII may look like another one.
        ClientHost = documented.FindAddress(request.ClientId!)?.IdnHost;
        (UserId, Email) = (account.Id, account.Login!.Email);
        Hospital = account.Hospital?.Name;
        RedirectHost = FindRedirectHost(request);
        var applicationId = (await applications.GetIdAsync(application, HttpContext.RequestAborted))!;
        Scopes = ConsentScopes.Offer(request.GetScopes(), await consents.FindAllowedAsync(account, applicationId, HttpContext.RequestAborted));
        Parameters = GetParameters(request);
        OtherAccountUrl = PagePaths.WithReturn(PagePaths.LogIn, GetAuthorizeUrl(request));
        return Page();
    }

    private PageResult ShowFailure(OpenIddictResponse failure)
    {
        Failure = failure;
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }

    private RedirectResult LogIn() => Redirect(PagePaths.WithReturn(PagePaths.LogIn, GetAuthorizeUrl(HttpContext.GetOpenIddictServerRequest()!)));

    private RedirectResult Enroll() => Redirect(PagePaths.WithReturn(PagePaths.Authenticator, GetAuthorizeUrl(HttpContext.GetOpenIddictServerRequest()!)));

    private string GetAuthorizeUrl(OpenIddictRequest request) =>
        AuthorizationServer.AuthorizePath + QueryString.Create(GetParameters(request).Select(p => KeyValuePair.Create(p.Key, (string?)p.Value)));

    /// <summary>
    /// Returns the parameters of a request, without the fields of the page and those that ask for a login anew: it has been asked for, or is about to be. That
    /// the user is to be asked in any case stays. A pushed request is named by its <c>request_uri</c> alone.
    /// </summary>
    private KeyValuePair<string, string>[] GetParameters(OpenIddictRequest request)
    {
        var pushed = (Request.HasFormContentType ? Request.Form[OpenIddictConstants.Parameters.RequestUri]
            : Request.Query[OpenIddictConstants.Parameters.RequestUri]).ToString();
        if (pushed.Length > 0)
            return
            [
                KeyValuePair.Create(OpenIddictConstants.Parameters.ClientId, request.ClientId!),
                KeyValuePair.Create(OpenIddictConstants.Parameters.RequestUri, pushed),
            ];
        return
        [
            .. from parameter in request.GetParameters()
               let isPrompt = parameter.Key == OpenIddictConstants.Parameters.Prompt
               where !IsField(parameter.Key) && parameter.Key != OpenIddictConstants.Parameters.MaxAge
                   && (!isPrompt || request.HasPromptValue(PromptValues.Consent))
               from value in (ImmutableArray<string?>?)parameter.Value ?? []
               select KeyValuePair.Create(parameter.Key, isPrompt ? PromptValues.Consent : value ?? ""),
        ];
    }

    /// <summary>Returns whether a name is that of a field of the page, which an answer that is asked for anew must not repeat.</summary>
    private static bool IsField(string name) =>
        name is DecisionField or UserField or "__RequestVerificationToken" || name.StartsWith(GrantPrefix, StringComparison.Ordinal);

    private ForbidResult Refuse(string error, string description) => Forbid(new Microsoft.AspNetCore.Authentication.AuthenticationProperties(
        new Dictionary<string, string?>
        {
            [OpenIddictServerAspNetCoreConstants.Properties.Error] = error,
            [OpenIddictServerAspNetCoreConstants.Properties.ErrorDescription] = description,
        }), OpenIddictServerAspNetCoreDefaults.AuthenticationScheme);
}
