using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using MedCor.Tests.EndToEnd.Hosting;
using Npgsql;

namespace MedCor.Tests.EndToEnd.Deployment;

/// <summary>
/// Runs the workloads of an overlay as local processes, each with only the environment that its manifest defines, on servers of its own. Secrets are generated.
/// Only the names of the cluster's network are replaced by local addresses, all processes have one certificate, and PostgreSQL is connected to without TLS.
/// </summary>
internal sealed partial class OverlayDeployment : IAsyncDisposable
{
    /// <summary>The files of the host's certificates for those that the cluster mounts.</summary>
    private static readonly Dictionary<string, string> Certificates = new()
    {
        ["/etc/medcor/tls/ca.crt"] = "authority.crt", ["/etc/medcor/tls/tls.crt"] = "server.crt", ["/etc/medcor/tls/tls.key"] = "server.key",
    };

    private readonly string _data = Directory.CreateTempSubdirectory("medcor-stage-").FullName;
    private readonly Overlay _overlay;
    private HostProcess _servers = null!;
    private readonly ConcurrentDictionary<string, int> _ports = new();
    private readonly ConcurrentDictionary<(string Secret, string Key), string> _secrets = new();
    private readonly ConcurrentBag<OverlayProcess> _processes = [];
    private OtlpReceiver _telemetry = null!;
    private string _postgres = "", _cache = "", _control = "", _messaging = "";

    private OverlayDeployment(string overlay) => _overlay = Overlay.Get(overlay);

    /// <summary>Gets the receiver of the processes' telemetry.</summary>
    public OtlpReceiver Telemetry => _telemetry;

    /// <summary>
    /// Sets up what the overlay's operators would: the servers, a database per cluster with its owner, and the services' roles. Migrations have not run yet.
    /// </summary>
    public static async Task<OverlayDeployment> SetUp(string overlay)
    {
        var stage = new OverlayDeployment(overlay);
        stage._servers = await HostProcess.Start("servers", stage._data, ["--no-dashboard", "--tls"]);
        stage._telemetry = await OtlpReceiver.Start();
        stage._postgres = stage._servers.ConnectionString("postgres");
        (stage._cache, stage._control) = (stage._servers.ConnectionString("cache"), stage._servers.ConnectionString("control"));
        stage._messaging = stage._servers.ConnectionString("messaging");
        // No mail is sent here, so no server needs to answer.
        (stage._secrets[("identity-mail", "url")], stage._secrets[("identity-mail", "from")]) = ("smtps://mail.example:465", "MedCor <no-reply@mail.example>");
        foreach (var cluster in stage._overlay.OfKind("Cluster"))
        {
            var (name, owner, role) = (cluster.Text("metadata.name")!, cluster.Text("spec.bootstrap.initdb.owner")!,
                cluster.Items("spec.managed.roles").Single());
            // In a cluster each database has its own server with an owner of this name; here the databases share a server.
            await stage.Execute("postgres",
                $"""CREATE ROLE "{Owner(name, owner)}" LOGIN PASSWORD '{stage.Secret(cluster.Text("spec.bootstrap.initdb.secret.name")!, "password")}'""");
            await stage.Execute("postgres",
                $"""CREATE ROLE "{role.Text("name")}" LOGIN PASSWORD '{stage.Secret(role.Text("passwordSecret.name")!, "password")}'""");
            await stage.Execute("postgres", $"""CREATE DATABASE "{name}" OWNER "{Owner(name, owner)}" """);
            foreach (var sql in cluster.Texts("spec.bootstrap.initdb.postInitApplicationSQL")) await stage.Execute(name, sql);
        }
        return stage;
    }

    /// <summary>Runs a Job, or the job of a CronJob, to completion, with other arguments than its own if any are given.</summary>
    public async Task<(int ExitCode, string Said)> Run(string workload, params string[] arguments)
    {
        var process = Launch(workload, arguments is [] ? null : arguments);
        return (await process.WaitForExit(), process.Output);
    }

    /// <summary>Runs a command in the container of a serving workload, as <c>kubectl exec -i</c> does.</summary>
    public async Task<(int ExitCode, string Said)> Exec(string workload, string input, params string[] command)
    {
        var process = Launch(workload, command);
        await process.SendInput(input + '\n');
        return (await process.WaitForExit(), process.Output);
    }

    /// <summary>Starts a serving process without waiting until it is ready.</summary>
    public OverlayProcess Start(string workload) => Launch(workload);

    public async Task<long> Count(string cluster, string sql)
    {
        await using var connection = new NpgsqlConnection($"{_postgres};Database={cluster};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private OverlayProcess Launch(string name, string[]? command = null)
    {
        var workload = _overlay.Workloads.Single(w => w.Name == name);
        var container = workload.Program;
        var assembly = FindServiceAssembly(container.Text("image")!);
        var start = new ProcessStartInfo("dotnet", [assembly, .. command ?? container.Texts("args")])
        {
            WorkingDirectory = Path.GetDirectoryName(assembly)!,
        };
        start.Environment.Clear();
        // The variables that the image defines.
        foreach (var variable in (string[])["PATH", "DOTNET_ROOT"])
            if (Environment.GetEnvironmentVariable(variable) is { } value) start.Environment[variable] = value;
        foreach (var (variable, value) in Resolve(workload)) start.Environment[variable] = ToLocalAddress(value, name);
        // Migrations use the database alone.
        if (start.Environment.TryGetValue("Servers__PasswordFile", out var path)) start.Environment["Servers__PasswordFile"] = PasswordFile(workload, path!);
        // The entrance calls the gateway without TLS.
        var process = new OverlayProcess(start,
            new(workload.Service == "gateway" ? $"http://127.0.0.1:{Port($"{name}:8000")}" : $"https://127.0.0.1:{Port($"{name}:8080")}"),
            Path.Combine(_data, "tls", "authority.crt"));
        _processes.Add(process);
        return process;
    }

    /// <summary>
    /// Resolves the environment variables of a workload's container as the kubelet does: in order, with <c>$(NAME)</c> referring to an earlier one. Optional
    /// properties of secrets are not set.
    /// </summary>
    private Dictionary<string, string> Resolve(Workload workload)
    {
        var made = new Dictionary<string, string>();
        foreach (var map in workload.Program.Items("envFrom").Select(source => source.Text("configMapRef.name")!))
            foreach (var (name, value) in _overlay.Single("ConfigMap", map)["data"]!.AsObject()) made[name] = value!.ToString();
        foreach (var variable in workload.Program.Items("env"))
        {
            var source = variable["valueFrom"];
            if ((bool?)source?.At("secretKeyRef.optional") == true) continue;
            made[variable.Text("name")!] =
                variable.Text("value") is { } value ? Reference().Replace(value, r => made.GetValueOrDefault(r.Groups[1].Value, r.Value))
                    : source!.Text("secretKeyRef.name") is { } secret ? Secret(secret, source!.Text("secretKeyRef.key")!)
                    : source!.Text("fieldRef.fieldPath") is "metadata.name" ? $"{workload.Name}-0"
                    : workload.Label(Label().Match(source!.Text("fieldRef.fieldPath")!).Groups[1].Value)!;
        }
        return made;
    }

    /// <summary>Returns a generated secret in place of the one in the secret store, of letters and digits as docs/operations.md requires.</summary>
    private string Secret(string name, string key)
    {
        Assert.Contains(_overlay.OfKind("ExternalSecret"), s => s.Text("metadata.name") == name);
        return _secrets.GetOrAdd((name, key), _ => RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 40));
    }

    /// <summary>Replaces the addresses of the cluster's network in a value with local ones.</summary>
    private string ToLocalAddress(string value, string workload)
    {
        // The server that runs beside the command in its pod, and belongs to it alone.
        if (value.StartsWith("Host=127.0.0.1;", StringComparison.Ordinal)) return _postgres;
        if (DatabaseHost().Match(value) is { Success: true })
        {
            var asked = new NpgsqlConnectionStringBuilder(value);
            var (here, cluster) = (new NpgsqlConnectionStringBuilder(_postgres), DatabaseHost().Match(value).Groups[1].Value + "-db");
            (asked.Host, asked.Port, asked.Database, asked.SslMode, asked.RootCertificate) = (here.Host, here.Port, cluster, SslMode.Disable, null);
            if (asked.Username == "owner") asked.Username = Owner(cluster, asked.Username);
            return asked.ConnectionString;
        }
        if (Certificates.TryGetValue(value, out var file)) return Path.Combine(_data, "tls", file);
        value = value.Replace("https://+:8080", $"https://127.0.0.1:{Port($"{workload}:8080")}", StringComparison.Ordinal)
            .Replace("http://+:8000", $"http://127.0.0.1:{Port($"{workload}:8000")}", StringComparison.Ordinal)
            .Replace("collector:4318", _telemetry.Address.Authority, StringComparison.Ordinal)
            .Replace("rabbitmq:5671", new Uri(_messaging).Authority, StringComparison.Ordinal)
            // One of three; the others are unavailable, as they may be in a cluster.
            .Replace("control-redis-0.control-redis:6379", _control.Split(',')[0], StringComparison.Ordinal)
            .Replace("redis-0.redis:6379", _cache.Split(',')[0], StringComparison.Ordinal);
        return ClusterName().Replace(value, name => $"127.0.0.1:{Port(name.Value)}");
    }

    /// <summary>
    /// Returns a file with what the secret that is mounted at the path contains: the password with which the service logs in to the servers here.
    /// </summary>
    private string PasswordFile(Workload workload, string path)
    {
        var volume = workload.Program.Items("volumeMounts")
            .Single(mount => path.StartsWith(mount.Text("mountPath") + "/", StringComparison.Ordinal));
        var secret = workload.Pod.Items("volumes").Single(v => v.Text("name") == volume.Text("name")).Text("secret.secretName")!;
        Assert.Contains(_overlay.OfKind("ExternalSecret"), s => s.Text("metadata.name") == secret);
        var file = Path.Combine(_data, secret);
        if (!File.Exists(file)) File.WriteAllText(file, _servers.Password(secret.Split('-')[0]));
        return file;
    }

    private int Port(string name) => _ports.GetOrAdd(name, _ => ServiceProcess.FreePort());

    /// <summary>Returns the assembly of an image. For example, services/Clinical builds the image medcor/clinical.</summary>
    private static string FindServiceAssembly(string image)
    {
        var name = CultureInfo.InvariantCulture.TextInfo.ToTitleCase(ImageName().Match(image).Groups[1].Value);
        var folder = Path.Combine(MedCorFixture.RepositoryRoot(), name == "Gateway" ? "gateway" : $"services/{name}", "bin");
        return Directory.GetFiles(folder, $"MedCor.{name}.dll", SearchOption.AllDirectories).MaxBy(File.GetLastWriteTimeUtc)!;
    }

    private static string Owner(string cluster, string owner) => $"{cluster}-{owner}";

    private async Task Execute(string database, string sql)
    {
        await using var connection = new NpgsqlConnection($"{_postgres};Database={database};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes) await process.DisposeAsync();
        await _servers.DisposeAsync();
        await _telemetry.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [GeneratedRegex(@"\$\((\w+)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^metadata\.labels\['(.+)'\]$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^Host=(\w+)-(?:pooler|db-rw);")]
    private static partial Regex DatabaseHost();

    [GeneratedRegex(@"\b\w+-app:8080|\b(?:control-)?redis-[12]\.(?:control-)?redis:6379")]
    private static partial Regex ClusterName();

    [GeneratedRegex(@"/medcor/(\w+)[:@]")]
    private static partial Regex ImageName();
}

/// <summary>Represents a process of a workload.</summary>
internal sealed class OverlayProcess : IAsyncDisposable
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromMinutes(2);

    private readonly ChildProcess _process;

    /// <param name="authority">The path of the certificate of the authority that has signed the process's own.</param>
    public OverlayProcess(ProcessStartInfo start, Uri address, string authority)
    {
        Environment = start.Environment.ToDictionary();
        Http = new(new SocketsHttpHandler { SslOptions = new() { CertificateChainPolicy = TrustedAuthority.PolicyOf(authority) } })
        {
            BaseAddress = address, Timeout = TimeSpan.FromSeconds(20),
        };
        _process = ChildProcess.Start(start);
    }

    public IReadOnlyDictionary<string, string?> Environment { get; }

    public HttpClient Http { get; }

    /// <summary>Writes to standard input and closes it.</summary>
    public Task SendInput(string input) => _process.SendInput(input);

    /// <summary>Gets the console output.</summary>
    public string Output => _process.Console;

    /// <summary>Waits until the process answers this path with success.</summary>
    public Task WaitUntilAnswers(string path) => Wait.Until(
        async () => _process.HasExited ? throw new InvalidOperationException($"It ended with {_process.ExitCode}:\n{Output}") : await TryGet(path), path,
        TimeSpan.FromSeconds(120), () => Output);

    /// <summary>Asks the process to stop, as Kubernetes does, and returns its exit code.</summary>
    public Task<int> Stop() => _process.Stop(ExitTimeout);

    /// <summary>Waits until the process has ended and returns its exit code.</summary>
    public Task<int> WaitForExit() => _process.WaitForExit(ExitTimeout);

    private async Task<bool> TryGet(string path)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _process.DisposeAsync();
    }
}
