using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Gateway.Console;
using MedCor.ServiceDefaults.Health;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Net.Http.Headers;

namespace MedCor.Tests.EndToEnd.Console;

public sealed class HomePageTests
{
    [Theory]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", true)]
    [InlineData("text/html", true)]
    [InlineData("text/html, application/json;q=0.9", true)]
    [InlineData("*/*", false)]
    [InlineData("", false)]
    [InlineData("application/json", false)]
    [InlineData("application/json, text/html", false)]
    [InlineData("application/json, text/html;q=0.5, */*;q=0.1", false)]
    [InlineData("text/html;q=0", false)]
    [InlineData("image/png", false)]
    public void HTML_is_served_to_clients_that_prefer_it(string accept, bool wants) =>
        Assert.Equal(wants, HomePage.PrefersHtml(MediaTypeHeaderValue.TryParseList([accept], out var accepted) ? accepted : []));

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
    [InlineData("Production", "text/html", false)]
    [InlineData("Production", "*/*", false)]
    [InlineData("Development", "text/html", true)]
    [InlineData("Development", "*/*", true)]
    public async Task Accounts_and_the_dashboard_are_named_in_development_alone_and_what_is_not_ready_everywhere(string environment, string accept, bool named)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("MEDCOR_DASHBOARD_URL", "http://localhost:18888")]).Build();
        var front = new HomePage(new Readiness(NullLogger<Readiness>.Instance), new HostingEnvironment { EnvironmentName = environment }, configuration);
        var http = new DefaultHttpContext { Request = { Scheme = "http", Host = new("medcor.example\"><script>") }, Response = { Body = new MemoryStream() } };
        http.Request.Headers.Accept = accept;

        await front.HandleAsync(http);

        var told = Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray());
        Assert.Contains("it has only just started", told, StringComparison.Ordinal);
        foreach (var text in (string[])["patient@general.example", "Demo-Medcor-2026", "http://localhost:18888/"])
            Assert.Equal(named, told.Contains(text, StringComparison.Ordinal));
        Assert.DoesNotContain("<script", told, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", told, StringComparison.Ordinal);
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
        var house = await MedCorFixture.Get();
        var page = await EndToEnd.Browser.OpenPage("about:blank", width: 360);
        var (complaints, asked) = (new List<string>(), new List<string>());
        page.Console += (_, message) => complaints.Add(message.Text);
        page.Request += (_, request) => asked.Add(request.Url);

        var answer = (await page.GotoAsync(house.Gateways[0].ToString()))!;

        Assert.StartsWith("text/html", (await answer.AllHeadersAsync())["content-type"], StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", (await answer.AllHeadersAsync())["content-security-policy"], StringComparison.Ordinal);
        Assert.All(asked, url => Assert.StartsWith(house.Gateways[0].ToString(), url, StringComparison.Ordinal));
        Assert.Empty(complaints);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth && getComputedStyle(document.body).margin === '0px'"));
        foreach (var text in (string[])["/api/docs/", "/api/redoc/", "/api/openapi.json"])
            Assert.Equal(1, await page.Locator($"a[href='{text}']").CountAsync());
        Assert.Contains("patient@general.example", await page.Locator("body").InnerTextAsync(), StringComparison.Ordinal);
        await page.CloseAsync();
    }

    private static async Task<HttpClient> Anybody() => new() { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
}
