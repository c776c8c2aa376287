using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using MedCor.Tests.Fixtures;

namespace MedCor.Load;

/// <summary>Represents the MedCor that is measured.</summary>
internal sealed class MeasuredSystem
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(60);

    private readonly string _data;

    private MeasuredSystem(string data)
    {
        _data = data;
        JsonNode[] resources = [.. JsonNode.Parse(File.ReadAllText(RunFile(data)))!["resources"]!.AsArray().Select(r => r!)];
        Gateways = [.. resources.Where(r => (string?)r["resource"] == "gateway")
            .Select(r => new Gateway((string)r["name"]!, new Uri((string)r["url"]!), Process.GetProcessById((int)r["pid"]!)))];
        Processes = [.. resources.Where(r => r["pid"] is not null).Select(r => ((string)r["name"]!, (int)r["pid"]!))];
        PostgresPort = int.Parse(((string)resources.Single(r => (string?)r["name"] == "postgres")["url"]!).Split(':')[^1], CultureInfo.InvariantCulture);
    }

    public IReadOnlyList<Gateway> Gateways { get; }

    /// <summary>Gets the processes of all services and servers.</summary>
    public IReadOnlyList<(string Name, int Id)> Processes { get; }

    public int PostgresPort { get; }

    /// <summary>Gets the password of PostgreSQL's superuser.</summary>
    public string PostgresPassword => (string)JsonNode.Parse(File.ReadAllText(Path.Combine(_data, "passwords.json")))!["postgres"]!;

    /// <summary>Attaches to a MedCor that is already running.</summary>
    public static MeasuredSystem Attach(string data) => new(data);

    /// <summary>Starts a MedCor with new data and two replicas of every service. It ends with this process.</summary>
    /// <param name="settings">Settings beyond the defaults.</param>
    public static Task<MeasuredSystem> Start(params (string Variable, string Value)[] settings) => Start("load", ["--reset", "--replicas", "2"], settings);

    /// <summary>Starts a MedCor with one replica of every service and with the data that the last one left. It ends with this process.</summary>
    public static Task<MeasuredSystem> StartKept(string name) => Start(name, []);

    /// <summary>Runs an operator command to its end.</summary>
    public Task RunCommand(string command) => ChildProcess.RunSuccessfully(new("dotnet", [FindHostAssembly(), "--data", _data, "run", command]));

    /// <summary>Returns the path of a file in the directory of all data.</summary>
    public static string DataPath(string name) => Path.Combine(MedCorFixture.RepositoryRoot(), ".medcor", name);

    private static async Task<MeasuredSystem> Start(string name, string[] arguments, params (string Variable, string Value)[] settings)
    {
        var data = DataPath(name);
        var start = new ProcessStartInfo("dotnet", [FindHostAssembly(), "--data", data, .. arguments, "--servers", "processes", "--no-dashboard"])
        {
            Environment =
            {
                ["MCP_SERVER_PORT"] = "0", ["MCP_RATE_LIMIT"] = "0", ["MCP_MAX_STREAMS"] = "0", ["MCP_MAX_LISTENERS"] = "0",
                // One caller makes all calls.
                ["MCP_MAX_WAITING_BYTES"] = "2147483647",
                ["MCP_MAX_CHAT_CALLS"] = "0", ["MCP_CHAT_DAILY_TOKENS_USER"] = "0", ["MCP_CHAT_DAILY_TOKENS_HOSPITAL"] = "0",
                ["MCP_CHAT_DAILY_TOKENS_SERVER"] = "0", ["OPENAI_MAX_TOKENS"] = "1000000",
            },
        };
        foreach (var (variable, value) in settings) start.Environment[variable] = value;
        var host = ChildProcess.Start(start);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => host.Stop(StopTimeout).Wait();

        var watch = Stopwatch.StartNew();
        while (!File.Exists(RunFile(data)) || (int)JsonNode.Parse(await File.ReadAllTextAsync(RunFile(data)))!["host"]!["pid"]! != host.Id)
        {
            if (host.HasExited || watch.Elapsed > StartTimeout) throw new MeasurementException($"MedCor did not start:\n{host.Console}");
            await Delay.For(TimeSpan.FromMilliseconds(200));
        }
        return new(data);
    }

    private static string RunFile(string data) => Path.Combine(data, "run.json");

    /// <summary>Returns the path of the host that was built together with this program.</summary>
    private static string FindHostAssembly()
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(MedCorFixture.RepositoryRoot(), "AppHost", "bin", output.Parent!.Name, output.Name, "MedCor.AppHost.dll");
    }
}

/// <summary>Represents one replica of the gateway.</summary>
internal sealed record Gateway(string Name, Uri Address, Process Process)
{
    /// <summary>Gets the address of the SSE endpoint.</summary>
    public Uri LiveEvents { get; } = new(Address, "/api/mcp/sse");

    /// <summary>Gets the working set of the process, in bytes.</summary>
    public long Memory
    {
        get
        {
            Process.Refresh();
            return Process.WorkingSet64;
        }
    }

    /// <summary>Gets the processor time that the process has used so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            Process.Refresh();
            return Process.TotalProcessorTime;
        }
    }

    /// <summary>
    /// Waits until the memory has been stable for a while and returns it, in bytes: by then, freed memory has been returned to the system as far as it will be.
    /// </summary>
    public async Task<long> SettledMemory()
    {
        const int LongEnough = 10, TooLong = 90;
        var (least, still) = (Memory, 0);
        for (var seconds = 0; still < LongEnough && seconds < TooLong; seconds++)
        {
            await Delay.For(TimeSpan.FromSeconds(1));
            var now = Memory;
            still = Math.Abs(now - least) * 100 < least ? still + 1 : 0;
            if (still == 0) least = now;
        }
        return Memory;
    }
}

/// <summary>Thrown when a failure makes the measurement meaningless.</summary>
internal sealed class MeasurementException(string message) : Exception(message);
