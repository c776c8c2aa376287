using System.Globalization;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.AppHost.Servers;

/// <summary>Runs PostgreSQL as a process, as user <c>postgres</c> when the host runs as root, because PostgreSQL refuses to run as root.</summary>
internal sealed partial class PostgresProcess(string name, string directory, int port, ParameterResource password) : ServerProcess(name, "sh", directory, port)
{
    private const string User = "postgres";
    private const int DefaultPort = 5432;

    // Seven services with a connection pool each, in several replicas.
    private const string MaxConnections = "300";

    // The orchestrator sends SIGTERM, on which PostgreSQL would wait for all clients to disconnect; on SIGINT it rolls back and exits.
    private const string ForwardStopScript = """
        "$@" & server=$!
        trap 'kill -INT $server' TERM INT
        while kill -0 $server 2>/dev/null; do wait $server; code=$?; done
        exit $code
        """;

    private static readonly string[] RunAsPostgres = Environment.IsPrivilegedProcess
        ? ["setpriv", $"--reuid={User}", $"--regid={User}", "--init-groups", "--"]
        : [];

    // When the shell is killed, the kernel sends SIGINT to the server. macOS has no setpriv.
    private static readonly string[] EndWithShell = ExecutableLocator.Find("setpriv") is { } setpriv
        ? [setpriv, "--pdeathsig=INT", .. RunAsPostgres is [_, .. var options] ? options : ["--"]]
        : [];

    private readonly List<PostgresProcessDatabase> _databases = [];

    public override ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create(
        $"Host={Endpoint.Property(EndpointProperty.Host)};Port={Endpoint.Property(EndpointProperty.Port)};Username=postgres;Password={password}");

    public static IResourceBuilder<PostgresProcess> Add(IDistributedApplicationBuilder builder, string name, DataDirectory data, ParameterResource password)
    {
        var server = new PostgresProcess(name, data.FullPath, data.Ports.GetPort(name, DefaultPort), password);
        builder.Services.AddHealthChecks().AddNpgSql(server.GetConnectionString(data, "postgres"), name: GetHealthCheckName(name));
        return Add(builder, server, "DatabaseMultiple")
            .WithArgs(context =>
            {
                foreach (var argument in GetCommandLine(data.GetServerDirectory(name), server.Port)) context.Args.Add(argument);
            })
            .OnBeforeResourceStarted((_, starting, ct) =>
                PrepareAsync(data.GetServerDirectory(name), data.GetPassword(name),
                    starting.Services.GetRequiredService<ResourceLoggerService>().GetLogger(server), ct))
            .OnResourceReady(async (_, ready, ct) =>
            {
                await server.CreateDatabasesAsync(server.GetConnectionString(data, "postgres"), ct);
                await server.PublishDatabasesAsync(ready.Services, KnownResourceStates.Running);
            })
            .OnResourceStopped((_, stopped, _) => server.PublishDatabasesAsync(stopped.Services, KnownResourceStates.Exited));
    }

    public static IResourceBuilder<PostgresProcessDatabase> AddDatabase(IResourceBuilder<PostgresProcess> server, string name)
    {
        var database = new PostgresProcessDatabase(name, server.Resource);
        server.Resource._databases.Add(database);
        return server.ApplicationBuilder.AddResource(database).WithIconName("Database");
    }

    private string GetConnectionString(DataDirectory data, string database) =>
        string.Create(CultureInfo.InvariantCulture,
            $"Host=localhost;Port={Port};Username=postgres;Password={data.GetPassword(Name)};Database={database};Pooling=false;Application Name=host");

    private static IEnumerable<string> GetCommandLine(string directory, int port) =>
    [
        "-c", ForwardStopScript, "sh", .. EndWithShell,
        Path.Combine(GetProgramsDirectory(directory), "postgres"),
        "-D", GetClusterDirectory(directory),
        "-p", port.ToString(CultureInfo.InvariantCulture),
        "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=",
        "-c", $"max_connections={MaxConnections}",
        "-c", "shared_buffers=128MB",
        // Compiling a statement takes longer than executing it.
        "-c", "jit=off",
        "-c", "timezone=UTC",
        "-c", "log_timezone=UTC",
        // A failed statement and its details may contain what patients told their doctors.
        "-c", "log_min_error_statement=panic",
        "-c", "log_error_verbosity=terse",
    ];

    private static string GetClusterDirectory(string directory) => Path.Combine(directory, "data");

    // Returns the programs of the version that created the data, otherwise those of the newest installed version.
    private static string GetProgramsDirectory(string directory)
    {
        var version = Path.Combine(GetClusterDirectory(directory), "PG_VERSION");
        return ServerPackages.GetPostgresDirectory(File.Exists(version) ? File.ReadAllText(version).Trim() : null);
    }

    // Initializes the cluster in a separate directory, so that an interrupted initialization is not taken for a complete one.
    private static async Task PrepareAsync(string directory, string password, ILogger log, CancellationToken ct)
    {
        RemoveMisleadingPid(directory, log);
        if (Directory.Exists(GetClusterDirectory(directory))) return;
        var (unfinished, passwordFile) = (GetClusterDirectory(directory) + ".new", Path.Combine(directory, "password"));
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        PrivateFile.Write(passwordFile, password);
        try
        {
            if (Environment.IsPrivilegedProcess) await ProgramRunner.RunRequiredAsync(["chown", "-R", $"{User}:{User}", directory], Log, ct);
            await ProgramRunner.RunRequiredAsync(
                [.. RunAsPostgres, Path.Combine(GetProgramsDirectory(directory), "initdb"), "-D", unfinished, "-U", "postgres", $"--pwfile={passwordFile}",
                    "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"], Log, ct);
        }
        finally
        {
            File.Delete(passwordFile);
        }

        Directory.Move(unfinished, GetClusterDirectory(directory));
        void Log(string line) => LogOutput(log, line);
    }

    // The file with the process id remains after a kill. PostgreSQL handles that, unless another program has the same id by now.
    private static void RemoveMisleadingPid(string directory, ILogger log)
    {
        var file = Path.Combine(GetClusterDirectory(directory), "postmaster.pid");
        if (File.Exists(file) && int.TryParse(File.ReadLines(file).FirstOrDefault(), CultureInfo.InvariantCulture, out var id)
            && ProcessTable.GetName(id) is not ("" or "postgres") and var program)
        {
            LogMisleadingPid(log, file, id, program);
            File.Delete(file);
        }
    }

    // Aspire publishes the state of databases only for containers.
    private async Task PublishDatabasesAsync(IServiceProvider services, string state)
    {
        foreach (var database in _databases)
            await services.GetRequiredService<ResourceNotificationService>().PublishUpdateAsync(database, now => now with { State = state });
    }

    private async Task CreateDatabasesAsync(string login, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(login);
        await connection.OpenAsync(ct);
        foreach (var name in _databases.Select(database => database.Name))
        {
            await using var exists = new NpgsqlCommand("SELECT FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = name } } };
            await using (var found = await exists.ExecuteReaderAsync(ct))
            {
                if (await found.ReadAsync(ct)) continue;
            }

            await using var create = new NpgsqlCommand($"CREATE DATABASE \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
            await create.ExecuteNonQueryAsync(ct);
        }
    }

    [LoggerMessage(7000, LogLevel.Information, "{Line}")]
    private static partial void LogOutput(ILogger log, string line);

    [LoggerMessage(7001, LogLevel.Information, "{File} contains the id of process {Id}, which is {Program}; the file is removed")]
    private static partial void LogMisleadingPid(ILogger log, string file, int id, string program);
}

/// <summary>Represents a database of a PostgreSQL process.</summary>
internal sealed class PostgresProcessDatabase(string name, PostgresProcess server)
    : Resource(name), IResourceWithParent<PostgresProcess>, IResourceWithConnectionString
{
    public PostgresProcess Parent => server;

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Create($"{server};Database={Name}");
}
