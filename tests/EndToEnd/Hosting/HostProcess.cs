using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.AppHost.Processes;

namespace MedCor.Tests.EndToEnd.Hosting;

/// <summary>Runs a small host in a process of its own, on data of its own, with one of the probe's application models.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);

    private readonly ChildProcess _process;
    private readonly string _data;

    private HostProcess(ChildProcess process, string data) => (_process, _data) = (process, data);

    public int Id => _process.Id;

    /// <summary>Gets everything that the host wrote to its console.</summary>
    public string Output => _process.Console;

    /// <summary>Starts a host without waiting for it.</summary>
    public static HostProcess Launch(string model, string data, string[]? options = null, params (string Name, string Value)[] environment)
    {
        var program = Directory.GetFiles(Path.Combine(MedCorFixture.RepositoryRoot(), "tests/Probe/bin"), "MedCor.Tests.Probe.dll", SearchOption.AllDirectories)
            .MaxBy(File.GetLastWriteTimeUtc)!;
        var start = new ProcessStartInfo("dotnet", [program, model, "--data", data, "--servers", "processes", .. options ?? []])
        {
            Environment = { ["MCP_SERVER_PORT"] = "0" },
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new(ChildProcess.Start(start), data);
    }

    /// <summary>Starts a host and waits until everything is healthy.</summary>
    public static async Task<HostProcess> Start(string model, string data, string[]? options = null, params (string Name, string Value)[] environment)
    {
        var host = Launch(model, data, options, environment);
        await host.WaitUntilHealthy();
        return host;
    }

    public Task WaitUntilHealthy() => Wait.Until(
        () => _process.HasExited
            ? throw new InvalidOperationException($"The host ended with {_process.ExitCode}:\n{Output}")
            : Task.FromResult(TryReadRunFile() is { } run && (int)run["host"]!["pid"]! == Id),
        "the host is up", StartTimeout, () => Output);

    /// <summary>Returns the content of <c>run.json</c>.</summary>
    public JsonNode ReadRunFile()
    {
        JsonNode? run = null;
        // The file is replaced as a whole, so one read may fall between removal and replacement; the next succeeds.
        for (var attempt = 0; run is null && attempt < 10; attempt++) run = TryReadRunFile();
        return run ?? throw new InvalidOperationException("There is no run.json.");
    }

    public JsonNode Resource(string name) => ReadRunFile()["resources"]!.AsArray().Single(resource => (string?)resource!["name"] == name)!;

    public int Pid(string name) => (int)Resource(name)["pid"]!;

    /// <summary>Returns the process IDs of all resources and their start times.</summary>
    public (int Pid, long Started)[] Processes() =>
        [.. ReadRunFile()["resources"]!.AsArray().Select(resource => (int)resource!["pid"]!).Select(pid => (pid, ProcessTable.GetStartTime(pid)))];

    public string ConnectionString(string server) => server switch
    {
        "postgres" => $"Host=localhost;Port={ReadRecorded("ports", server)};Username=postgres;Password={ReadRecorded("passwords", server)};Pooling=false",
        "cache" or "control" => $"localhost:{ReadRecorded("ports", server)},password={ReadRecorded("passwords", server)}",
        "messaging" => $"amqp://guest:{ReadRecorded("passwords", server)}@localhost:{ReadRecorded("ports", server)}",
        _ => throw new ArgumentException("There is no such server.", nameof(server)),
    };

    /// <summary>Returns the password with which a program logs in to Redis and the broker.</summary>
    public string Password(string program) => ReadRecorded("passwords", $"{program}-login");

    public int Port(string key) => int.Parse(ReadRecorded("ports", key), CultureInfo.InvariantCulture);

    /// <summary>Kills a process, as a crash does, and returns when the host has restarted it and it is healthy.</summary>
    public async Task KillAndRecover(string name)
    {
        var (pid, restarts) = (Pid(name), (int)Resource(name)["restarts"]!);
        ProcessTable.SendSignal(pid, Signal.Kill);
        await Wait.Until(
            () => Task.FromResult(Resource(name) is var now && (bool)now["healthy"]! && (int)now["restarts"]! > restarts && (int?)now["pid"] != pid),
            $"{name} is back", TimeSpan.FromSeconds(60), () => Output);
    }

    /// <summary>Kills the host itself.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks the host to end, as Ctrl+C does, and returns its exit code.</summary>
    public Task<int> Stop() => _process.Stop(StopTimeout);

    public Task<int> WaitForExit() => _process.WaitForExit(StopTimeout);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await Stop();
        await _process.DisposeAsync();
    }

    private string ReadRecorded(string what, string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(_data, $"{what}.json")))![name]!.ToString();

    private JsonNode? TryReadRunFile()
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path.Combine(_data, "run.json")));
        }
        catch (Exception between) when (between is IOException or JsonException)
        {
            return null;
        }
    }
}
