using System.Net;
using System.Text.RegularExpressions;
using System.Web;
using System.Xml.Linq;

namespace MedCor.Tests.Services.Identity.Authorization;

/// <summary>Tests what is promised of every page that Identity has.</summary>
public sealed partial class EveryPageTests
{
    private const string SecondFactorPage = "/oauth/login/code";

    /// <summary>The length from which an English text cannot be part of a German one.</summary>
    private const int MinTextLength = 12;

    private static readonly string Sources = Path.Combine(MedCorFixture.RepositoryRoot(), "services", "Identity", "Pages");

    [Fact]
    public async Task Every_page_is_neither_framed_nor_kept_nor_named_to_other_sites()
    {
        var pages = await OpenAll("en");

        Assert.Equal(Directory.GetFiles(Sources, "*.cshtml").Select(file => Route().Match(File.ReadAllText(file)).Groups[1].Value)
            .Where(route => route.Length > 0).Order(), pages.Select(page => page.Route).Distinct().Order());
        Assert.All(pages, page =>
        {
            Assert.StartsWith("default-src 'none'; ", page.Policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", page.Policy, StringComparison.Ordinal);
            Assert.Equal(("DENY", "no-referrer", true), (page.FrameOptions, page.ReferrerPolicy, page.IsNotStored));
            Assert.Contains("<html lang=\"en\">", page.Html, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Every_page_is_in_German_for_who_reads_it()
    {
        var english = XDocument.Load(Path.Combine(Sources, "PageTexts.de.resx")).Root!.Elements("data").Select(text => (string)text.Attribute("name")!)
            .Where(text => text.Length >= MinTextLength && !text.Contains('{', StringComparison.Ordinal)).ToArray();

        var pages = await OpenAll("de-AT,de;q=0.9,en;q=0.5");

        Assert.All(pages, page =>
        {
            Assert.Contains("<html lang=\"de\">", page.Html, StringComparison.Ordinal);
            Assert.Equal([], english.Where(text => page.Html.Contains(text, StringComparison.Ordinal)));
        });
    }

    [Fact]
    public void Every_password_field_is_masked_and_known_to_password_managers()
    {
        var fields = Directory.GetFiles(Sources, "*.cshtml").SelectMany(file => PasswordField().Matches(File.ReadAllText(file))).Select(m => m.Value).ToArray();

        Assert.NotEmpty(fields);
        Assert.All(fields, field =>
        {
            Assert.Contains("type=\"password\"", field, StringComparison.Ordinal);
            Assert.Matches("autocomplete=\"(current|new)-password\"", field);
        });
    }

    /// <summary>Opens each page in a browser with a language, as a user who is logged in or, for the second factor, is about to be.</summary>
    private static async Task<IReadOnlyList<OpenedPage>> OpenAll(string language)
    {
        var (user, other) = (await TestUser.Create(), await TestUser.Create());
        await TestAuthenticator.SetUp(other);
        using var client = await OAuthClient.Register();
        using var browser = await PageBrowser.Open();
        using var attempt = await PageBrowser.Open();
        await browser.LogIn(user.Email, user.Password);
        Assert.Equal(SecondFactorPage, (await attempt.LogIn(other.Email, other.Password)).Path);

        (string Route, string Address)[] addresses =
        [
            ("/oauth/account", "/oauth/account"),
            ("/oauth/account/authenticator", "/oauth/account/authenticator"),
            ("/oauth/account/passkey", "/oauth/account/passkey"),
            ("/oauth/authorize", client.GetAuthorizationAddress().PathAndQuery),
            ("/oauth/authorize", client.GetAuthorizationAddress(("client_id", "nobody")).PathAndQuery),
            ("/oauth/confirm-email", "/oauth/confirm-email?token=x"),
            ("/oauth/email-change", "/oauth/email-change?token=x"),
            ("/oauth/forgot", "/oauth/forgot"),
            ("/oauth/link-hospital", "/oauth/link-hospital?token=x"),
            ("/oauth/login", "/oauth/login"),
            ("/oauth/login/callback/{hospital:guid}", $"/oauth/login/callback/{Guid.NewGuid()}?state=x&code=x"),
            ("/oauth/login/hospital", "/oauth/login/hospital"),
            ("/oauth/set-password", "/oauth/set-password?token=x"),
        ];
        var pages = new List<OpenedPage>();
        foreach (var (route, address) in addresses) pages.Add(await Open(browser.Cookies, language, route, address));
        pages.Add(await Open(attempt.Cookies, language, SecondFactorPage, SecondFactorPage));
        return pages;
    }

    private static async Task<OpenedPage> Open(CookieContainer cookies, string language, string route, string address)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies })
        {
            BaseAddress = (await MedCorFixture.Get()).Gateways[0],
        };
        http.DefaultRequestHeaders.AcceptLanguage.ParseAdd(language);
        using var response = await http.GetAsync(new Uri(address, UriKind.Relative));
        Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{address} answers {response.StatusCode}");
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        return new(route, HttpUtility.HtmlDecode(await response.Content.ReadAsStringAsync()), GetHeader("Content-Security-Policy"),
            GetHeader("X-Frame-Options"), GetHeader("Referrer-Policy"), response.Headers.CacheControl?.NoStore is true);

        string GetHeader(string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
    }

    [GeneratedRegex("^@page \"([^\"]+)\"")]
    private static partial Regex Route();

    [GeneratedRegex("<input[^>]*name=\"password\"[^>]*>")]
    private static partial Regex PasswordField();

    /// <summary>Represents a page as it was answered.</summary>
    /// <param name="Route">The route that the page has.</param>
    private sealed record OpenedPage(string Route, string Html, string Policy, string FrameOptions, string ReferrerPolicy, bool IsNotStored);
}
