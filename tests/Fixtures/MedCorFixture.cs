using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using MedCor.AppHost.Processes;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Npgsql;
using StackExchange.Redis;

namespace MedCor.Tests.Fixtures;

/// <summary>
/// Runs the whole of MedCor with two replicas of every service, started once for all tests of a run by its host, on servers of its own. The test processes of
/// a run take turns with it; it ends with the run. With <c>MEDCOR_GATEWAY</c> set, tests use the system that is running there instead.
/// </summary>
public sealed class MedCorFixture
{
    private static readonly Lazy<Task<MedCorFixture>> Shared = new(Start);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Starts a host that outlives the process of its first tests, tells its process ID, and stops it when the run of all tests has ended.</summary>
    private const string HostUntilRunEnds = """
        trap '' INT HUP
        log=$1
        shift
        dotnet "$@" > "$log" 2>&1 < /dev/null &
        echo $!
        exec > /dev/null 2>&1 < /dev/null
        while kill -0 $0 && kill -0 $!; do sleep 1; done
        kill $!
        """;

    private readonly string _data;

    private MedCorFixture(string data, IReadOnlyList<Uri> gateways, OtlpReceiver telemetry) => (_data, Gateways, Telemetry) = (data, gateways, telemetry);

    /// <summary>Gets the addresses of the gateway's replicas.</summary>
    public IReadOnlyList<Uri> Gateways { get; }

    /// <summary>Gets the receiver of the services' telemetry.</summary>
    public OtlpReceiver Telemetry { get; }

    public static Task<MedCorFixture> Get() => Shared.Value;

    /// <summary>Opens a connection to a service's database as the superuser.</summary>
    public async Task<NpgsqlConnection> OpenDatabase(string service)
    {
        var connection = new NpgsqlConnection(OwnerConnectionString($"{service}db"));
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Creates a data source for a service's database, as the superuser.</summary>
    public NpgsqlDataSource CreateDataSource(string service) => NpgsqlDataSource.Create(OwnerConnectionString($"{service}db"));

    /// <summary>Creates an empty database and returns its owner's connection string.</summary>
    public async Task<string> CreateDatabase()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(OwnerConnectionString("postgres"));
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return OwnerConnectionString(name);
    }

    /// <summary>Drops a database that <see cref="CreateDatabase"/> created. The pending writes of a large one would slow down everything else.</summary>
    public async Task DropDatabase(string database)
    {
        await using var connection = new NpgsqlConnection(OwnerConnectionString("postgres"));
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"DROP DATABASE {new NpgsqlConnectionStringBuilder(database).Database} WITH (FORCE)", connection);
        await drop.ExecuteNonQueryAsync();
    }

    /// <summary>Starts a bus at the system's broker, to publish events as a service does.</summary>
    public async Task<IBusControl> StartBus()
    {
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(new Uri($"amqp://guest:{ReadRecorded("passwords", "messaging")}@localhost:{ReadRecorded("ports", "messaging")}"));
            rabbit.ConfigureJsonSerializerOptions(Json.Configure);
        });
        await bus.StartAsync();
        return bus;
    }

    /// <summary>Connects to an unused database of a Redis server for tests, which is separate from the system's and has a database for every test.</summary>
    public static async Task<ConnectionMultiplexer> ConnectRedis()
    {
        var redis = MedCorDefaults.ConfigureRedis(ConfigurationOptions.Parse((await RedisOfTests.Value).Address));
        redis.DefaultDatabase = Interlocked.Increment(ref _redisDatabase);
        return await ConnectionMultiplexer.ConnectAsync(redis);
    }

    private static readonly Lazy<Task<RedisServer>> RedisOfTests = new(async () =>
    {
        var redis = new RedisServer(databases: 1000);
        (await redis.Start()).Dispose();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => redis.KillWithoutWaiting();
        return redis;
    });

    private static int _redisDatabase;

    /// <summary>Gets the connection string of the system's Redis of live events and chat.</summary>
    public string RedisConnectionString => $"localhost:{ReadRecorded("ports", "cache")},password={ReadRecorded("passwords", "cache")}";

    /// <summary>Returns the address of one of the system's Redis servers.</summary>
    public string GetRedisAddress(string server) => $"localhost:{ReadRecorded("ports", server)}";

    /// <summary>Gets the host and port of the system's broker.</summary>
    public string BrokerAddress => $"localhost:{ReadRecorded("ports", "messaging")}";

    /// <summary>Gets the password of the broker's administrator, whose name is guest.</summary>
    public string BrokerPassword => ReadRecorded("passwords", "messaging");

    /// <summary>Returns the password with which a program logs in to Redis and the broker.</summary>
    public string GetPassword(string program) => ReadRecorded("passwords", $"{program}-login");

    private string OwnerConnectionString(string database) =>
        $"Host=localhost;Port={ReadRecorded("ports", "postgres")};Username=postgres;Password={ReadRecorded("passwords", "postgres")};"
            + $"Database={database};Pooling=false";

    private string ReadRecorded(string what, string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(_data, $"{what}.json")))![name]!.ToString();

    /// <summary>Returns a single number from a service's database.</summary>
    public async Task<long> QueryNumber(string service, string sql, params object[] values)
    {
        await using var connection = await OpenDatabase(service);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>Runs an operator command in the running system, through its host as an operator does. Returns the exit code and the output.</summary>
    public Task<(int ExitCode, string Said)> RunOperatorCommand(params string[] operation) => RunOperatorCommand(operation, input: "");

    /// <summary>Runs an operator command that reads a line of input.</summary>
    public async Task<(int ExitCode, string Said)> RunOperatorCommand(string[] operation, string input)
    {
        await using var process = await ChildProcess.Run(new("dotnet", [FindHostAssembly(), "--data", _data, "run", .. operation]), input + '\n',
            TimeSpan.FromMinutes(4));
        return (process.ExitCode, process.Output + process.Errors);
    }

    /// <summary>Returns the path of the host that was built last.</summary>
    internal static string FindHostAssembly() =>
        Directory.GetFiles(Path.Combine(RepositoryRoot(), "AppHost", "bin"), "MedCor.AppHost.dll", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc)
        ?? throw new InvalidOperationException("Build AppHost first: dotnet build.");

    /// <summary>Returns the state of every process, as the host reports it.</summary>
    public JsonArray Processes() => ReadTwice(() => JsonNode.Parse(File.ReadAllText(Path.Combine(_data, "run.json")))!["resources"]!.AsArray());

    /// <summary>Kills a process, as a crash does, and returns its process ID.</summary>
    public int Kill(string name)
    {
        var pid = Pid(name);
        using var process = Process.GetProcessById(pid);
        process.Kill();
        return pid;
    }

    /// <summary>Returns the process ID of a resource, or of a replica such as <c>clinical-1</c>.</summary>
    public int Pid(string name) => (int)Processes().First(p => (string?)p!["name"] == name)!["pid"]!;

    /// <summary>Returns the address of a service's replica, which clients cannot reach.</summary>
    public Uri GetAddress(string service) => new($"http://localhost:{ReadRecorded("ports", $"{service}-1")}");

    /// <summary>Gets the URL of the mailbox that receives the system's mails.</summary>
    public string MailboxUrl => $"smtp://localhost:{ReadRecorded("ports", "mailbox-smtp")}";

    /// <summary>
    /// Waits until the host reports every process as healthy, the killed one with a new process ID, and every service reports that it is ready. The host learns
    /// of readiness a little later.
    /// </summary>
    public async Task WaitUntilRecovered(string name, int killed) => await Wait.Until(
        async () => Processes() is var all && all.All(p => (bool)p!["healthy"]!)
            && all.Any(p => (string?)p!["name"] == name && (int?)p["pid"] is { } pid && pid != killed) && await AreServicesReady(),
        $"{name} is back", TimeSpan.FromSeconds(90));

    private async Task<bool> AreServicesReady()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            foreach (var replica in ServiceCatalogue.All.SelectMany(service => (string[])[$"{service.Name}-1", $"{service.Name}-2"]))
            {
                using var answer = await http.GetAsync(new Uri($"http://localhost:{ReadRecorded("ports", replica)}/health"));
                if (!answer.IsSuccessStatusCode) return false;
            }
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private static async Task<MedCorFixture> Start()
    {
        if (Environment.GetEnvironmentVariable("MEDCOR_GATEWAY") is { } running)
            return new("", [.. running.Split(',').Select(g => new Uri(g))], await OtlpReceiver.Start());

        var (data, run, build) = (Path.Combine(RepositoryRoot(), ".medcor", "test-house"), FindRunner(), BuildTime());
        var turn = await SystemTurn.Take(data);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => turn.End();
        var (host, telemetry) = await TakeOver(turn, run, build) ?? await StartHost(turn, data, run, build);
        JsonNode? state = null;
        await Wait.Until(
            () => turn.IsSystemAlive
                ? Task.FromResult((state = TryReadState(data)) is not null && (int)state["host"]!["pid"]! == host
                    && state["resources"]!.AsArray().All(resource => (bool)resource!["healthy"]!))
                : throw new InvalidOperationException($"The host has ended:\n{HostLog()}"),
            "the system is up", StartTimeout, HostLog);
        return new(data, [.. state!["gateways"]!.AsArray().Select(g => new Uri((string)g!))], telemetry);

        string HostLog() => File.ReadAllText(Path.Combine(data, "host.log"));
    }

    /// <summary>Uses the system that another test process leaves; null when there is none.</summary>
    private static async Task<(int Host, OtlpReceiver Telemetry)?> TakeOver(SystemTurn turn, int run, string build)
    {
        if (await turn.TakeOver(run, build) is not { } left) return null;
        try
        {
            return (left.Host, await OtlpReceiver.Start(left.TelemetryPort));
        }
        catch (IOException)
        {
            // Something else listens there by now.
            await turn.Stop();
            return null;
        }
    }

    private static async Task<(int Host, OtlpReceiver Telemetry)> StartHost(SystemTurn turn, string data, int run, string build)
    {
        var telemetry = await OtlpReceiver.Start();
        var start = new ProcessStartInfo("sh",
        [
            "-c", HostUntilRunEnds, run.ToString(CultureInfo.InvariantCulture), Path.Combine(data, "host.log"),
            FindHostAssembly(), "--data", data, "--reset", "--replicas", "2", "--servers", "processes", "--no-dashboard",
        ])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["MCP_SERVER_PORT"] = "0";
        start.Environment["MCP_RATE_LIMIT"] = "0";
        start.Environment["Identity__AllowLoopbackClients"] = "true";
        start.Environment["Identity__PlatformStepUpMinutes"] = "1440";
        // All tests listen as the same few users of the demo data.
        start.Environment["MCP_MAX_SOCKETS"] = start.Environment["MCP_MAX_STREAMS"] = "0";
        // For fourteen processes that live for minutes, profile-guided recompilation costs more than it gains.
        start.Environment["DOTNET_TieredPGO"] = "0";
        // Mapping each compiled method a second time, to write it, costs processes that live so shortly a twentieth of their time.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = telemetry.Address.ToString();
        start.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";

        using var shell = Process.Start(start)!;
        var host = int.Parse((await shell.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        turn.RecordStart(host, run, build, telemetry.Address.Port);
        return (host, telemetry);
    }

    /// <summary>
    /// Returns the process ID of the program that runs this process and the other tests of the run: the uppermost <c>dotnet</c> above this one, or this process
    /// where it cannot be found.
    /// </summary>
    private static int FindRunner()
    {
        var runner = Environment.ProcessId;
        while (ParentOf(runner) is { } parent && ProcessTable.GetName(parent) == "dotnet") runner = parent;
        return runner;

        static int? ParentOf(int id)
        {
            var status = $"/proc/{id}/status";
            return File.Exists(status)
                ? int.Parse(File.ReadLines(status).First(line => line.StartsWith("PPid:", StringComparison.Ordinal)).AsSpan(5), CultureInfo.InvariantCulture)
                : null;
        }
    }

    /// <summary>Returns when the last of the programs that the host starts was built.</summary>
    private static string BuildTime() =>
        (from folder in (string[])["AppHost", "ServiceDefaults", "gateway", "services"]
         from file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot(), folder), "MedCor.*.dll", SearchOption.AllDirectories)
         select File.GetLastWriteTimeUtc(file)).Max().ToString("O", CultureInfo.InvariantCulture);

    private static JsonNode? TryReadState(string data)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(Path.Combine(data, "run.json")));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            // Not written yet, or being replaced.
            return null;
        }
    }

    internal static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "MedCor.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("Not inside the repository.");
        return directory.FullName;
    }

    /// <summary>Reads the host's state file and retries once: the file is replaced as a whole, so a read may fall in between.</summary>
    private static T ReadTwice<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return read();
        }
    }
}

/// <summary>Waits for conditions.</summary>
public static class Wait
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns as soon as the condition holds. Fails with the description when it does not hold in time.</summary>
    public static async Task Until(Func<Task<bool>> condition, string description, TimeSpan? timeout = null, Func<string>? explain = null)
    {
        var limit = timeout ?? TimeSpan.FromSeconds(20);
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(PollInterval);
        while (!await condition())
        {
            if (watch.Elapsed > limit) Assert.Fail($"Not within {limit.TotalSeconds:0} s: {description}. {explain?.Invoke()}");
            await timer.WaitForNextTickAsync();
        }
    }
}
