using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using MedCor.Tests.Gateway;
using Npgsql;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd;

/// <summary>
/// The whole of MedCor, two replicas of everything, started once for all tests of a run by its own host, on servers of its own.
/// Ends with the test process. With <c>MEDCOR_GATEWAY</c> set, tests use what runs there instead.
/// </summary>
public sealed class MedCorFixture
{
    private static readonly Lazy<Task<MedCorFixture>> Shared = new(Start);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);

    private readonly string _data;

    private MedCorFixture(string data, IReadOnlyList<Uri> gateways, OtlpReceiver telemetry) => (_data, Gateways, Telemetry) = (data, gateways, telemetry);

    /// <summary>The gateway's replicas.</summary>
    public IReadOnlyList<Uri> Gateways { get; }

    /// <summary>What the services export.</summary>
    public OtlpReceiver Telemetry { get; }

    public static Task<MedCorFixture> Get() => Shared.Value;

    /// <summary>A connection to a service's database as the owner of everything.</summary>
    public async Task<NpgsqlConnection> OpenDatabase(string service)
    {
        var connection = new NpgsqlConnection(OwnerConnectionString($"{service}db"));
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>A new, empty database; its owner's connection string.</summary>
    public async Task<string> CreateDatabase()
    {
        var name = $"test_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(OwnerConnectionString("postgres"));
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        return OwnerConnectionString(name);
    }

    /// <summary>Takes a database away that <see cref="CreateDatabase"/> made: what a large one leaves to write to the disk would slow down all else.</summary>
    public async Task DropDatabase(string database)
    {
        await using var connection = new NpgsqlConnection(OwnerConnectionString("postgres"));
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"DROP DATABASE {new NpgsqlConnectionStringBuilder(database).Database} WITH (FORCE)", connection);
        await drop.ExecuteNonQueryAsync();
    }

    /// <summary>A started bus at the house's broker, for telling events as a service does.</summary>
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

    /// <summary>A connection to a Redis beside the house's, which has a database for every test, to one there that nobody else uses.</summary>
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

    /// <summary>The house's Redis, as a connection string.</summary>
    public string RedisConnectionString => $"localhost:{ReadRecorded("ports", "cache")},password={ReadRecorded("passwords", "cache")}";

    private string OwnerConnectionString(string database) =>
        $"Host=localhost;Port={ReadRecorded("ports", "postgres")};Username=postgres;Password={ReadRecorded("passwords", "postgres")};Database={database};Pooling=false";

    private string ReadRecorded(string what, string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(_data, $"{what}.json")))![name]!.ToString();

    /// <summary>A single figure from a service's database.</summary>
    public async Task<long> QueryNumber(string service, string sql, params object[] values)
    {
        await using var connection = await OpenDatabase(service);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    /// <summary>Has the running system do an operator's command, through its host as an operator does; what it said and its exit code.</summary>
    public Task<(int ExitCode, string Said)> RunOperatorCommand(params string[] operation) => RunOperatorCommand(operation, input: "");

    /// <summary>The same, of a command that reads a line.</summary>
    public async Task<(int ExitCode, string Said)> RunOperatorCommand(string[] operation, string input)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [FindHostAssembly(), "--data", _data, "run", .. operation]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteLineAsync(input);
        process.StandardInput.Close();
        var (said, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await said + await errors);
    }

    /// <summary>The host, as it was built last.</summary>
    internal static string FindHostAssembly() =>
        Directory.GetFiles(Path.Combine(RepositoryRoot(), "AppHost", "bin"), "MedCor.AppHost.dll", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc)
        ?? throw new InvalidOperationException("Build AppHost first: dotnet build.");

    /// <summary>The state of every process, as the host tells it.</summary>
    public JsonArray Processes() => ReadTwice(() => JsonNode.Parse(File.ReadAllText(Path.Combine(_data, "run.json")))!["resources"]!.AsArray());

    /// <summary>Ends a process at once, as a crash does, and tells its pid.</summary>
    public int Kill(string name)
    {
        var pid = Pid(name);
        using var process = Process.GetProcessById(pid);
        process.Kill();
        return pid;
    }

    /// <summary>The process that a resource, or a replica such as <c>clinical-1</c>, runs as.</summary>
    public int Pid(string name) => (int)Processes().First(p => (string?)p!["name"] == name)!["pid"]!;

    /// <summary>Waits until the host has every process up again, this one as another process than the killed one, and every service says that it is ready: the host learns of that a little later.</summary>
    public async Task WaitUntilRecovered(string name, int killed) => await Wait.Until(
        async () => Processes() is var all && all.All(p => (bool)p!["healthy"]!) && all.Any(p => (string?)p!["name"] == name && (int?)p["pid"] is { } pid && pid != killed) && await AreServicesReady(),
        $"{name} is back", TimeSpan.FromSeconds(90));

    private async Task<bool> AreServicesReady()
    {
        string[] services = ["hospital", "identity", "clinical", "billing", "analytics", "chat"];
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            foreach (var replica in services.SelectMany(service => (string[])[$"{service}-1", $"{service}-2"]))
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
        var telemetry = await OtlpReceiver.Start();
        if (Environment.GetEnvironmentVariable("MEDCOR_GATEWAY") is { } running)
            return new("", [.. running.Split(',').Select(g => new Uri(g))], telemetry);

        var root = RepositoryRoot();
        var data = Path.Combine(root, ".medcor", "test-house");
        var start = new ProcessStartInfo("dotnet", [FindHostAssembly(), "--data", data, "--reset", "--replicas", "2", "--servers", "processes", "--no-dashboard"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["MCP_SERVER_PORT"] = "0";
        start.Environment["MCP_RATE_LIMIT"] = "0";
        // A few people of the demo data listen for all tests.
        start.Environment["MCP_MAX_SOCKETS"] = start.Environment["MCP_MAX_STREAMS"] = "0";
        // Fourteen processes that live for minutes: what the compiler would measure and compile again costs more than it gains.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = telemetry.Address.ToString();
        start.Environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";

        var process = Process.Start(start)!;
        var said = new System.Collections.Concurrent.ConcurrentQueue<string>();
        process.OutputDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            using var stop = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            process.WaitForExit(TimeSpan.FromSeconds(30));
        };

        var file = Path.Combine(data, "run.json");
        await Wait.Until(
            () => process.HasExited
                ? throw new InvalidOperationException($"The host ended with {process.ExitCode}:\n{string.Join('\n', said)}")
                : Task.FromResult(File.Exists(file) && (int)JsonNode.Parse(File.ReadAllText(file))!["host"]!["pid"]! == process.Id),
            "the house is up", StartTimeout, () => string.Join('\n', said));
        var gateways = JsonNode.Parse(await File.ReadAllTextAsync(file))!["gateways"]!.AsArray().Select(g => new Uri((string)g!)).ToArray();
        return new(data, gateways, telemetry);
    }

    internal static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "MedCor.sln"))) directory = directory.Parent ?? throw new InvalidOperationException("Not inside the repository.");
        return directory.FullName;
    }

    /// <summary>The host replaces its state file whole, so a read may meet the moment between; the next one does not.</summary>
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

/// <summary>Waiting for what must come.</summary>
public static class Wait
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns as soon as the condition holds; fails, saying what was waited for, when it does not in time.</summary>
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
