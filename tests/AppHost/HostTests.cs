using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using MedCor.Hosting;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;
using MedCor.Hosting.Running;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.AppHost;

[Collection(SharedHost.Name)]
public sealed partial class HostTests(RunningHost host)
{
    [Fact]
    public async Task A_service_gets_the_environment_that_Aspire_would_give_it()
    {
        var own = Environment.GetEnvironmentVariables();
        var environment = (await File.ReadAllTextAsync($"/proc/{host.Instance("caller").Status.Pid}/environ"))
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('=', 2))
            .Where(variable => (string?)own[variable[0]] != variable[1])
            .ToDictionary(variable => variable[0], variable => Letters().Replace(variable[1], "…"));

        Assert.Equal(new SortedDictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = "http://localhost:…",
            ["ConnectionStrings__cache"] = "localhost:…,password=…",
            ["ConnectionStrings__db"] = "Host=localhost;Port=…;Username=postgres;Password=…;Database=clinicaldb",
            ["ConnectionStrings__messaging"] = "amqp://guest:…@localhost:…",
            ["DOTNET_ENVIRONMENT"] = "Development",
            ["DOTNET_gcServer"] = "0",
            ["MCP_RATE_LIMIT"] = "100",
            ["MCP_SERVER_TOKEN"] = RunningHost.Secret,
            ["OTEL_BLRP_SCHEDULE_DELAY"] = "1000",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "1000",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://localhost:…",
            ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-otlp-api-key=…",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            ["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=caller-1",
            ["OTEL_SERVICE_NAME"] = "caller",
            ["PROBE_HTTP"] = "http://localhost:…",
            ["services__probe__http__0"] = "http://localhost:…",
            ["services__probe__http__1"] = "http://localhost:…",
        }, new SortedDictionary<string, string>(environment));
    }

    [Fact]
    public async Task A_service_that_crashes_is_started_again_and_counted()
    {
        var probe = host.Instance("probe-2");
        var restarts = probe.Status.Restarts;

        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync(new Uri(probe.Address + "/crash"), content: null));

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await probe.UntilAsync(one => one.Status.Healthy && one.Status.Restarts == restarts + 1, patience.Token);
        Assert.NotEqual(0, probe.Status.ExitCode);
        await Wait.Until(() => Task.FromResult(host.Run().Resources.Single(resource => resource.Name == "probe-2") is { Healthy: true } shown
            && shown.Restarts == restarts + 1 && shown.Pid == probe.Status.Pid), "run.json tells it");
    }

    [Fact]
    public async Task A_second_start_on_the_same_data_says_where_the_first_one_is_and_fails()
    {
        using var second = Hosts.Start("--data", host.Data);
        var said = await second.StandardError.ReadToEndAsync();
        await second.WaitForExitAsync();

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains($"already running on {host.Data} (process {Environment.ProcessId})", said, StringComparison.Ordinal);
        Assert.All(host.Run().Gateways, gateway => Assert.Contains(gateway, said, StringComparison.Ordinal));
    }

    [Fact]
    public void The_state_file_names_every_process()
    {
        var run = host.Run();

        Assert.Equal(Environment.ProcessId, run.Host.Pid);
        Assert.Equal(2, run.Gateways.Count);
        Assert.Equal(["postgres", "cache", "messaging", "probe-1", "probe-2", "caller"], run.Resources.Select(resource => resource.Name));
        Assert.All(run.Resources, resource => Assert.NotNull(resource.Pid));
        Assert.StartsWith(run.Dashboard!.Url + "/login?t=", run.Dashboard.Login, StringComparison.Ordinal);
    }

    // Ports and passwords differ from run to run.
    [GeneratedRegex("(?<=:|Port=)[0-9]{5}|(?<=[Pp]assword=|guest:)[A-Za-z0-9]{24}|[0-9a-f]{32}")]
    private static partial Regex Letters();
}

public sealed class HostOnItsOwnTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("medcor-host-").FullName;

    [Fact]
    public async Task A_killed_host_leaves_no_process_behind_and_the_next_one_starts_on_its_data()
    {
        using var killed = Hosts.Start("--data", _data, "--no-dashboard");
        var processes = (await Hosts.Up(_data, killed)).Resources.Select(resource => (Pid: resource.Pid!.Value, Started: ProcessTable.StartOf(resource.Pid!.Value))).ToList();
        var epmd = Children(killed.Id).Single(child => ProcessTable.NameOf(child) == "epmd");
        processes.Add((epmd, ProcessTable.StartOf(epmd)));
        Assert.All(processes, process => Assert.True(ProcessTable.IsAlive(process.Pid, process.Started)));

        killed.Kill();
        using var next = Hosts.Start("--data", _data, "--no-dashboard");
        await Hosts.Up(_data, next);
        Assert.All(processes, process => Assert.False(ProcessTable.IsAlive(process.Pid, process.Started)));

        ProcessTable.Send(next.Id, Signal.Term);
        await next.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token);
        Assert.Equal(0, next.ExitCode);
        Assert.False(File.Exists(Path.Combine(_data, "run.json")));
    }

    [Fact]
    public async Task A_taken_port_is_passed_over_for_the_next_free_one()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var application = Build(builder => builder.AddProject<Probe>("gateway").WithHttpEndpoint(port: taken).WithExternalHttpEndpoints().WithHttpHealthCheck("/health"));

        await application.StartAsync();

        var gateway = new Uri(StateFile.Read(Path.Combine(_data, "run.json"))!.Gateways.Single());
        Assert.InRange(gateway.Port, taken + 1, taken + 20);
    }

    [Fact]
    public async Task A_service_that_never_gets_up_fails_the_start_with_its_last_words()
    {
        await using var application = Build(builder => builder.AddProject<Nothing>("nothing"));

        var failure = await Assert.ThrowsAsync<DistributedApplicationException>(() => application.StartAsync());

        Assert.Contains("nothing does not start", failure.Message, StringComparison.Ordinal);
        Assert.Contains("is not built", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--replicas 0")]
    [InlineData("--replicas")]
    [InlineData("--what")]
    public async Task A_wrong_command_line_is_explained(string line)
    {
        using var host = Hosts.Start(line.Split(' '));
        var said = await host.StandardOutput.ReadToEndAsync();
        await host.WaitForExitAsync();

        Assert.Equal(2, host.ExitCode);
        Assert.Contains(line.Split(' ')[0], said, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private DistributedApplication Build(Action<IDistributedApplicationBuilder> model)
    {
        var builder = DistributedApplication.CreateBuilder(["--data", _data, "--no-dashboard"]);
        model(builder);
        return builder.Build();
    }

    private static List<int> Children(int parent) =>
    [
        .. Directory.GetDirectories($"/proc/{parent}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
    ];

    private sealed class Nothing : IProjectMetadata
    {
        public string ProjectPath => "/nowhere/Nothing.csproj";

        public string AssemblyPath => "/nowhere/Nothing.dll";
    }
}

/// <summary>A host in a process of its own: all three servers and the probe.</summary>
internal static class Hosts
{
    public static Process Start(params string[] options) => Process.Start(
        new ProcessStartInfo("dotnet", [new Probe().AssemblyPath, "host", .. options]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    public static async Task<StateFile.Run> Up(string data, Process process)
    {
        StateFile.Run? run = null;
        await Wait.Until(
            () => Task.FromResult((run = StateFile.Read(Path.Combine(data, "run.json"))) is not null && run.Host.Pid == process.Id), "the host is up", TimeSpan.FromSeconds(90));
        return run!;
    }
}
