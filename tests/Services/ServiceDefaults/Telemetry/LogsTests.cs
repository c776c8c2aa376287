using System.Text.RegularExpressions;
using MedCor.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Logging;
using Serilog.Extensions.Logging;

namespace MedCor.Tests.Services.ServiceDefaults.Telemetry;

public sealed partial class LogsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("medcor-logs-").FullName;

    [Fact]
    public async Task A_process_writes_a_file_of_its_own_in_the_documented_form_and_a_level_keeps_the_rest_out()
    {
        var file = Path.Combine(_folder, "mcp_server.log");
        (string, string?)[] settings = [("MCP_LOG_FILE", file), ("MCP_DATABASE_URL", "postgresql://user:hidden@localhost/medcor")];
        await using var talkative = await ServiceProcess.Start([.. settings, ("MEDCOR_INSTANCE", null),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=gateway-8")]);
        await using var quiet = await ServiceProcess.Start([.. settings, ("MEDCOR_INSTANCE", null),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=gateway-9"), ("MCP_LOG_LEVEL", "error")]);

        var lines = await Lines("mcp_server.gateway-8.log");
        Assert.All(lines, line => Assert.Matches(Line(), line));
        Assert.Contains(lines, l => l.Contains("] INFO [MCP] Now listening on: ", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("] WARNING [MCP] MCP_DATABASE_URL is set and does nothing", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.Contains("hidden", StringComparison.Ordinal));
        // Routine messages of frameworks are left out at every level.
        Assert.DoesNotContain(lines, l => l.Contains("Configured endpoint", StringComparison.Ordinal));
        // Nothing is logged, so the file need not exist.
        Assert.True(!File.Exists(Path.Combine(_folder, "mcp_server.gateway-9.log")) || (await Lines("mcp_server.gateway-9.log")).Length == 0);
    }

    [Fact]
    public async Task A_full_file_is_put_aside_and_five_older_ones_are_kept()
    {
        var path = Path.Combine(_folder, "own.log");
        using (var file = LoggingExtensions.CreateFileLogger(path, largest: 4096))
        using (var provider = new SerilogLoggerProvider(file))
        {
            var log = provider.CreateLogger("MedCor");
            for (var i = 0; i < 1000; i++) log.LogInformation("Line {Number} of a \"long\" {Kind}", i, "story");
        }

        var files = Directory.GetFiles(_folder);
        Assert.Equal(6, files.Length);
        Assert.All(files, f => Assert.InRange(new FileInfo(f).Length, 1, 4096 + 200));
        var last = (await File.ReadAllLinesAsync(files.Order().Last()))[^1];
        Assert.EndsWith("] INFO [MCP] Line 999 of a \"long\" story", last, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_level_that_does_not_exist_stops_the_start_and_is_named()
    {
        var said = await ServiceProcess.RunGatewayToFailure(("MCP_LOG_LEVEL", "LOUD"));

        Assert.Contains("MCP_LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL", said, StringComparison.Ordinal);
    }

    private async Task<string[]> Lines(string name)
    {
        await using var stream = new FileStream(Path.Combine(_folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [GeneratedRegex(@"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] (DEBUG|INFO|WARNING|ERROR|CRITICAL) \[MCP\] \S")]
    private static partial Regex Line();

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
