using System.Net;
using System.Text.RegularExpressions;
using System.Web;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a browser that runs no scripts, on the pages of the authorization server. It follows the redirects from page to page.</summary>
internal sealed class PageBrowser : IDisposable
{
    private readonly HttpClient _http;

    private PageBrowser(Uri server) => _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies }) { BaseAddress = server };

    public CookieContainer Cookies { get; } = new();

    public static async Task<PageBrowser> Open() => new((await MedCorFixture.Get()).Gateways[0]);

    /// <summary>Opens a page and the pages to which it redirects.</summary>
    public async Task<WebPage> Get(string path) => await Follow(await _http.GetAsync(new Uri(path, UriKind.Relative)));

    /// <summary>Logs in with a password and opens a page; a user with a second factor is asked for it first.</summary>
    public async Task<WebPage> LogIn(string email, string password, string next = "/oauth/account") =>
        await Submit(await Get($"/oauth/login?return={Uri.EscapeDataString(next)}"), ("email", email), ("password", password));

    /// <summary>Submits the form that has the first of these fields, and its value if there are several, with the form's hidden fields.</summary>
    public async Task<WebPage> Submit(WebPage page, params (string Name, string Value)[] fields)
    {
        var form = HtmlForm.Find(page.Html, fields[0]);
        using var content = form.Fill(fields);
        return await Follow(await _http.PostAsync(new Uri(form.Action ?? page.Address.ToString(), UriKind.RelativeOrAbsolute), content));
    }

    /// <summary>Does something that a page of the account offers, with the page's protection against forged requests.</summary>
    public async Task<WebPage> Post(WebPage page, string handler, params (string Name, string Value)[] fields)
    {
        using var content = HtmlForm.FindAll(page.Html)[0].Fill(fields);
        return await Follow(await _http.PostAsync(new Uri($"/oauth/account?handler={handler}", UriKind.Relative), content));
    }

    public void Dispose() => _http.Dispose();

    private async Task<WebPage> Follow(HttpResponseMessage response)
    {
        while (response.Headers.Location is { } next && next.ToString() != "/")
        {
            response.Dispose();
            response = await _http.GetAsync(next);
        }
        using (response)
            return new(response.StatusCode, new(response.RequestMessage!.RequestUri!.PathAndQuery, UriKind.Relative),
                await response.Content.ReadAsStringAsync(),
                response.Headers.TryGetValues("Content-Security-Policy", out var policies) ? string.Join(';', policies) : "");
    }
}

/// <summary>Represents a page as the server has sent it.</summary>
internal sealed partial record WebPage(HttpStatusCode Status, Uri Address, string Html, string Policy)
{
    public string Path => Address.ToString().Split('?')[0];

    /// <summary>Gets the contents of the elements <c>code</c>, in order.</summary>
    public IReadOnlyList<string> Codes => [.. Code().Matches(Html).Select(m => HttpUtility.HtmlDecode(m.Groups[1].Value))];

    [GeneratedRegex("<code>([^<]*)</code>")]
    private static partial Regex Code();
}
