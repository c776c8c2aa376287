using MedCor.Hosting;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Running;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.AppHost;

/// <summary>A host in this process with all three servers, a service of two replicas and one that calls it.</summary>
public sealed class RunningHost : IAsyncLifetime
{
    public const string Secret = "a-secret-of-the-test";

    private DistributedApplication? _application;

    public string Data { get; } = Directory.CreateTempSubdirectory("medcor-host-").FullName;

    public DistributedApplication Application => _application!;

    public async Task InitializeAsync()
    {
        var builder = DistributedApplication.CreateBuilder(["--data", Data, "--replicas", "2"]);
        var database = builder.AddPostgres("postgres").AddDatabase("clinicaldb");
        var cache = builder.AddRedis("cache");
        var messaging = builder.AddRabbitMQ("messaging");
        var replicas = int.Parse(builder.Configuration["replicas"]!, System.Globalization.CultureInfo.InvariantCulture);
        var probe = builder.AddProject<Probe>("probe").WithHttpEndpoint().WithExternalHttpEndpoints().WithHttpHealthCheck("/health").WithReplicas(replicas);
        builder.AddProject<Probe>("caller").WithHttpEndpoint().WithHttpHealthCheck("/health")
            .WithReference(database, connectionName: "db").WaitFor(database)
            .WithReference(cache).WaitFor(cache)
            .WithReference(messaging).WaitFor(messaging)
            .WithReference(probe)
            .WithEnvironment("MCP_RATE_LIMIT", "100")
            .WithEnvironment("MCP_SERVER_TOKEN", builder.AddParameter("mcp-server-token", Secret, secret: true));
        _application = builder.Build();
        await _application.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Application.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }

    /// <summary>What <c>run.json</c> says.</summary>
    internal StateFile.Run Run() => StateFile.Read(Path.Combine(Data, "run.json"))!;

    internal Instance Instance(string name) => Application.Instances.Single(instance => instance.Name == name);

    /// <summary>Kills a process as a crash does, and returns when the host has it healthy again.</summary>
    internal async Task KillAndRecover(string name)
    {
        var (instance, restarts) = (Instance(name), Instance(name).Status.Restarts);
        using (var process = System.Diagnostics.Process.GetProcessById(instance.Status.Pid!.Value))
        {
            process.Kill();
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await instance.UntilAsync(one => one.Status.Healthy && one.Status.Restarts > restarts, patience.Token);
    }
}

/// <summary>Shares the host, since RabbitMQ takes its time; its tests run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SharedHost : ICollectionFixture<RunningHost>
{
    public const string Name = "a running host";
}

/// <summary>The service that the host runs here.</summary>
internal sealed class Probe : IProjectMetadata
{
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public string ProjectPath { get; } = Path.Combine(RepositoryRoot(), "tests", "AppHost", "Probe", "MedCor.Tests.Probe.csproj");

    public string AssemblyPath => Path.Combine(Path.GetDirectoryName(ProjectPath)!, "bin", Configuration, "net10.0", "MedCor.Tests.Probe.dll");

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "MedCor.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("Not inside the repository.");
        }

        return directory.FullName;
    }
}
