using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Console;

public sealed class HomePageTests
{
    [Fact]
    public async Task A_program_gets_an_index_whose_links_all_lead_somewhere()
    {
        using var http = await Anybody();

        var index = (await http.GetFromJsonAsync<JsonNode>("/"))!;

        Assert.Equal(("MedCor", true), ((string?)index["name"], (bool)index["ready"]! == (index["reasons"]!.AsArray().Count == 0)));
        foreach (var (name, link) in index["links"]!.AsObject())
        {
            using var answer = await http.GetAsync(new Uri((string)link!, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            Assert.True(answer.StatusCode != HttpStatusCode.NotFound, $"{name}: {link}");
        }
        Assert.Contains(index["demo"]!["accounts"]!.AsArray(), a => (string?)a!["email"] == "patient@general.example");
    }

    [Theory]
    [InlineData("/favicon.ico", "image/x-icon")]
    [InlineData("/favicon.svg", "image/svg+xml")]
    [InlineData("/robots.txt", "text/plain")]
    public async Task Favicon_and_robots_requests_are_answered(string path, string type)
    {
        using var http = await Anybody();

        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.NotEmpty(await answer.Content.ReadAsByteArrayAsync());
    }

    [BrowserFact]
    public async Task A_browser_gets_a_page_that_loads_nothing_from_elsewhere_runs_no_script_and_fits_a_phone()
    {
        var system = await MedCorFixture.Get();
        var page = await EndToEnd.Browser.OpenPage("about:blank", width: 360);
        var (complaints, asked) = (new List<string>(), new List<string>());
        page.Console += (_, message) => complaints.Add(message.Text);
        page.Request += (_, request) => asked.Add(request.Url);

        var answer = (await page.GotoAsync(system.Gateways[0].ToString()))!;

        Assert.StartsWith("text/html", (await answer.AllHeadersAsync())["content-type"], StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", (await answer.AllHeadersAsync())["content-security-policy"], StringComparison.Ordinal);
        Assert.All(asked, url => Assert.StartsWith(system.Gateways[0].ToString(), url, StringComparison.Ordinal));
        Assert.Empty(complaints);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth && getComputedStyle(document.body).margin === '0px'"));
        foreach (var text in (string[])["/api/docs/", "/api/redoc/", "/api/openapi.json"])
            Assert.Equal(1, await page.Locator($"a[href='{text}']").CountAsync());
        Assert.Contains("patient@general.example", await page.Locator("body").InnerTextAsync(), StringComparison.Ordinal);
        await page.CloseAsync();
    }

    private static async Task<HttpClient> Anybody() => new() { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
}
