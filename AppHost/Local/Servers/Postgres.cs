using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;
using MedCor.Hosting.Running;

namespace MedCor.Hosting.Servers;

/// <summary>Runs PostgreSQL and creates its databases. It refuses to run as root, so then it runs as its own user.</summary>
internal sealed class Postgres(PostgresServerResource resource, DataDirectory data) : Server(resource, data)
{
    private const string User = "postgres";

    // Seven services with a pool each, in replicas.
    private const int MaxConnections = 300;

    private readonly string _directory = data.ForOtherUser(resource.Name);

    private string Cluster => Path.Combine(_directory, "data");

    /// <summary>The programs of the version that made the data, else of the newest installed.</summary>
    private string Programs => Installation.PostgresPrograms(
        File.Exists(Path.Combine(Cluster, "PG_VERSION")) ? File.ReadAllText(Path.Combine(Cluster, "PG_VERSION")).Trim() : null);

    public override async Task PrepareAsync(Log log, CancellationToken ct)
    {
        await base.PrepareAsync(log, ct);
        if (!Directory.Exists(Cluster))
        {
            await InitializeAsync(log, ct);
        }

        RemoveMisleadingPid(log);
    }

    public override Command Command() => new(
        Path.Combine(Programs, "postgres"),
        "-D", Cluster,
        "-p", resource.Port.ToString(CultureInfo.InvariantCulture),
        "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=",
        "-c", $"max_connections={MaxConnections}",
        "-c", "shared_buffers=128MB",
        "-c", "timezone=UTC",
        "-c", "log_timezone=UTC",
        // A failed statement and its details may hold what patients told their doctors.
        "-c", "log_min_error_statement=panic",
        "-c", "log_error_verbosity=terse")
    {
        WorkingDirectory = _directory,
        User = User,
        // "Fast": open transactions are rolled back. TERM would wait for every client to go.
        StopSignal = Signal.Int,
        DeathSignal = Signal.Int,
    };

    // A start-up message (protocol 3.0, a length and pairs of strings) is answered with a request to authenticate by a
    // server that takes connections, and with an error by one that is still starting.
    public override Task<bool> IsHealthyAsync(CancellationToken ct)
    {
        var parameters = Encoding.ASCII.GetBytes("user\0postgres\0database\0postgres\0\0");
        var message = new byte[8 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, message.Length);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(4), 3 << 16);
        parameters.CopyTo(message, 8);
        return AsksAsync(resource.Port, message, 1, answer => answer[0] == (byte)'R', ct);
    }

    public override async Task CompleteAsync(Log log, CancellationToken ct)
    {
        await base.CompleteAsync(log, ct);
        var script = Path.Combine(_directory, "databases.sql");
        await File.WriteAllLinesAsync(script, resource.Databases.Select(database => database.DatabaseName).Select(name =>
            $"SELECT 'CREATE DATABASE {Identifier(name)}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {Literal(name)}) \\gexec"), ct);
        await RunAsync(log, new Command(
            Path.Combine(Programs, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
            "-p", resource.Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-d", "postgres", "-f", script)
        {
            Environment = new Dictionary<string, string> { ["PGPASSWORD"] = resource.Password },
        }, ct);
    }

    private static string Identifier(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + '"';

    private static string Literal(string text) => '\'' + text.Replace("'", "''", StringComparison.Ordinal) + '\'';

    private static async Task RunAsync(Log log, Command command, CancellationToken ct)
    {
        if (await ChildProcess.RunAsync(command, log, ct) is not 0 and var exitCode)
        {
            throw new DistributedApplicationException($"{Path.GetFileName(command.Program)} ended with {exitCode}");
        }
    }

    // Into a directory beside, so that one that was interrupted is not taken for a whole one.
    private async Task InitializeAsync(Log log, CancellationToken ct)
    {
        var unfinished = Cluster + ".new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        var password = Path.Combine(_directory, "password");
        DataDirectory.Write(password, resource.Password);
        try
        {
            if (Environment.IsPrivilegedProcess)
            {
                await RunAsync(log, new Command("chown", "-R", $"{User}:{User}", _directory), ct);
            }

            await RunAsync(log, new Command(
                Path.Combine(Programs, "initdb"), "-D", unfinished, "-U", "postgres", $"--pwfile={password}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions")
            {
                WorkingDirectory = _directory,
                User = User,
            }, ct);
        }
        finally
        {
            File.Delete(password);
        }

        Directory.Move(unfinished, Cluster);
    }

    // After a kill the file with the process id stays. PostgreSQL handles that, unless the id is another program's by now.
    private void RemoveMisleadingPid(Log log)
    {
        var file = Path.Combine(Cluster, "postmaster.pid");
        if (File.Exists(file) && int.TryParse(File.ReadLines(file).FirstOrDefault(), CultureInfo.InvariantCulture, out var id)
            && ProcessTable.NameOf(id) is not ("" or "postgres") and var other)
        {
            log.Add($"(host) {file} names process {id}, which is {other}: removed");
            File.Delete(file);
        }
    }
}
