using System.Text;
using MedCor.Gateway.Console;
using MedCor.ServiceDefaults.Health;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Net.Http.Headers;

namespace MedCor.Tests.Unit.Gateway;

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
}
