using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MedCor.AppHost.Processes;

namespace MedCor.Tests.EndToEnd.Hosting;

[Collection(HostCollection.Name)]
public sealed partial class HostTests(HostFixture running)
{
    private HostProcess Host => running.Host;

    [Fact]
    public async Task A_service_gets_what_Aspire_gives_it_and_nothing_that_shows_what_patients_write()
    {
        var own = Environment.GetEnvironmentVariables();
        var environment = (await File.ReadAllTextAsync($"/proc/{Host.Pid("caller")}/environ"))
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('=', 2))
            .Where(variable => (string?)own[variable[0]] != variable[1])
            .ToDictionary(variable => variable[0], variable => Letters().Replace(variable[1], "…"));

        Assert.Equal(Lines(new()
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = "http://localhost:…",
            ["ConnectionStrings__cache"] = "localhost:…,password=…",
            ["ConnectionStrings__db"] = "Host=localhost;Port=…;Username=postgres;Password=…;Database=clinicaldb",
            ["ConnectionStrings__messaging"] = "amqp://guest:…@localhost:…",
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION"] = "true",
            ["LOGGING__CONSOLE__FORMATTERNAME"] = "simple",
            ["MCP_RATE_LIMIT"] = "100",
            ["MCP_SERVER_TOKEN"] = HostFixture.Secret,
            ["MEDCOR_INSTANCE"] = "caller-1",
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "1000",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "1000",
            ["OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION"] = "false",
            ["OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION"] = "false",
            ["OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"] = "in_memory",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:…",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-otlp-api-key=…",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
            ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "false",
            ["OTEL_METRICS_EXEMPLAR_FILTER"] = "trace_based",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=…",
            ["OTEL_SERVICE_NAME"] = "caller",
            ["OTEL_TRACES_SAMPLER"] = "always_on",
            ["services__probe__http__0"] = "http://localhost:…",
            ["services__probe__http__1"] = "http://localhost:…",
        }), Lines(environment));
        static string Lines(Dictionary<string, string> variables) =>
            string.Join('\n', variables.Select(v => $"{v.Key}={v.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Settings_of_one_service_are_not_in_the_environment_of_another() => Assert.All(["probe-1", "probe-2", "cache", "messaging"],
        name => Assert.DoesNotContain(HostFixture.Secret, File.ReadAllText($"/proc/{Host.Pid(name)}/environ"), StringComparison.Ordinal));

    [Fact]
    public async Task A_service_that_crashes_is_started_again_at_its_address_and_counted()
    {
        var before = Host.Resource("probe-2");

        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync(new Uri((string)before["url"]! + "/crash"), content: null));

        await Wait.Until(
            () => Task.FromResult(Host.Resource("probe-2") is var now && (bool)now["healthy"]! && (int)now["restarts"]! == (int)before["restarts"]! + 1),
            "run.json tells it", TimeSpan.FromSeconds(30), () => Host.Output);
        var after = Host.Resource("probe-2");
        Assert.NotEqual(0, (int)after["exitCode"]!);
        Assert.NotEqual((int)before["pid"]!, (int)after["pid"]!);
        Assert.Equal((string)before["url"]!, (string)after["url"]!);
        Assert.Equal("ok", await http.GetStringAsync(new Uri((string)after["url"]! + "/health")));
    }

    [Fact]
    public async Task A_second_start_on_the_same_data_says_where_the_first_one_is_and_fails()
    {
        await using var second = HostProcess.Launch("services", running.Data);

        Assert.NotEqual(0, await second.WaitForExit());
        Assert.Contains($"already running on {running.Data} (process {Host.Id})", second.Output, StringComparison.Ordinal);
        Assert.All(Host.ReadRunFile()["gateways"]!.AsArray(), gateway => Assert.Contains((string)gateway!, second.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void The_state_file_names_every_process()
    {
        var run = Host.ReadRunFile();

        Assert.Equal(Host.Id, (int)run["host"]!["pid"]!);
        Assert.Equal(2, run["gateways"]!.AsArray().Count);
        Assert.Equal(["postgres", "cache", "messaging", "probe-1", "probe-2", "caller"],
            run["resources"]!.AsArray().Select(resource => (string)resource!["name"]!));
        Assert.All(run["resources"]!.AsArray(), resource => Assert.NotNull(resource!["pid"]));
        Assert.Equal("postgres", ProcessTable.GetName(Host.Pid("postgres")));
        Assert.StartsWith((string)run["dashboard"]!["url"]! + "/login?t=", (string)run["dashboard"]!["login"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_resource_has_a_line_in_the_report_and_what_it_says_in_a_file()
    {
        Assert.All(["postgres", "cache", "messaging", "probe-1", "probe-2", "caller"], name =>
        {
            Assert.Matches($"✓ {name} ", Host.Output);
            Assert.True(File.Exists(Path.Combine(running.Data, "logs", name + ".log")), name);
        });
        Assert.DoesNotContain(HostFixture.Secret, Host.Output, StringComparison.Ordinal);
    }

    // Ports, passwords and IDs differ from run to run.
    [GeneratedRegex("(?<=:|Port=)[0-9]{5}|(?<=[Pp]assword=|guest:)[A-Za-z0-9]{24}|(?<=api-key=|instance.id=)[0-9A-Za-z]+")]
    private static partial Regex Letters();
}

public sealed class SeparateHostTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("medcor-host-").FullName;

    [Fact]
    public async Task A_killed_host_leaves_no_process_behind_and_the_next_one_starts_on_its_data()
    {
        var killed = await HostProcess.Start("servers", _data, ["--no-dashboard"]);
        var epmd = ProcessTable.GetChildren(ParentOf(killed.Pid("cache"))).Single(child => ProcessTable.GetName(child) == "epmd");
        (int Pid, long Started)[] processes = [.. killed.Processes(), (epmd, ProcessTable.GetStartTime(epmd))];
        Assert.All(processes, process => Assert.True(ProcessTable.IsAlive(process.Pid, process.Started)));

        killed.Kill();
        await using var next = await HostProcess.Start("servers", _data, ["--no-dashboard"]);
        Assert.All(processes, process => Assert.False(ProcessTable.IsAlive(process.Pid, process.Started)));

        Assert.Equal(0, await next.Stop());
        Assert.False(File.Exists(Path.Combine(_data, "run.json")));
    }

    [Fact]
    public async Task A_killed_host_leaves_no_process_behind_without_a_next_one()
    {
        var killed = await HostProcess.Start("service", _data, ["--no-dashboard"]);
        var processes = killed.Processes();

        killed.Kill();

        await Wait.Until(() => Task.FromResult(processes.All(process => !ProcessTable.IsAlive(process.Pid, process.Started))), "all has ended",
            TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task A_taken_port_is_passed_over_for_the_next_free_one()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port;

        await using var host = await HostProcess.Start("service", _data, ["--no-dashboard"], ("MCP_SERVER_PORT", $"{taken}"));

        Assert.InRange(new Uri((string)host.ReadRunFile()["gateways"]!.AsArray().Single()!).Port, taken + 1, taken + 20);
        Assert.Contains($"Port {taken} is taken by another program", host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_never_gets_up_is_named_with_the_file_that_says_why()
    {
        await using var host = HostProcess.Launch("nothing", _data, ["--no-dashboard"]);
        var log = Path.Combine(_data, "logs", "nothing.log");

        await Wait.Until(() => Task.FromResult(host.Output.Contains($"what it says: {log}", StringComparison.Ordinal)), "the report says so",
            TimeSpan.FromSeconds(60), () => host.Output);

        Assert.Contains("Nothing.dll", await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        Assert.Contains("ended with exit code", host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--replicas 0")]
    [InlineData("--replicas")]
    [InlineData("--what")]
    public async Task A_wrong_command_line_is_explained(string line)
    {
        await using var host = HostProcess.Launch("service", _data, line.Split(' '));

        Assert.Equal(2, await host.WaitForExit());
        Assert.Contains(line.Split(' ')[0], host.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run clinical verify-audit --data elsewhere", "--data is an option of the host: put it before run.")]
    [InlineData("run rebuild --quiet", "--quiet is an option of the host: put it before run.")]
    [InlineData("run clinical verify-audit --help", "--help is an option of the host: put it before run.")]
    [InlineData("run", "run needs a command.")]
    [InlineData("run --what", "run needs a command.")]
    [InlineData("--operation publish --publisher manifest", "--data is not an option of publishing.")]
    public async Task No_option_is_ignored_where_it_does_not_belong(string line, string said)
    {
        await using var host = HostProcess.Launch("service", _data, line.Split(' '));

        Assert.Equal(2, await host.WaitForExit());
        Assert.StartsWith(said, host.Output, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private static int ParentOf(int pid) => int.Parse(
        File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("PPid:", StringComparison.Ordinal)).Split('\t')[1],
        System.Globalization.CultureInfo.InvariantCulture);
}
