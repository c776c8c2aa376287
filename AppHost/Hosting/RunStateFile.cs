using System.Collections.Immutable;
using System.Globalization;
using System.Threading.Channels;
using MedCor.AppHost.Processes;
using MedCor.AppHost.Servers;

namespace MedCor.AppHost.Hosting;

/// <summary>Keeps <c>run.json</c> and <c>services.json</c> current.</summary>
internal sealed class RunStateFile : IAsyncDisposable
{
    private readonly DataDirectory data;
    private readonly ApplicationModel host;
    private readonly DateTimeOffset startedAt = TimeProvider.System.GetUtcNow();
    private readonly Lock statesLock = new();
    private readonly Dictionary<string, RunState.ResourceState> states = [];
    private readonly Dictionary<string, PostgresProcess> shells = [];
    private readonly Dictionary<string, ServiceStart> services = [];
    private readonly Channel<bool> changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task writing;
    private bool isWriting;
    private List<string> order = [];

    public RunStateFile(DataDirectory data, ApplicationModel host, RunState.DashboardAddress? dashboard)
    {
        (this.data, this.host, Dashboard) = (data, host, dashboard);
        writing = WriteAsync();
    }

    public RunState.DashboardAddress? Dashboard { get; }

    /// <summary>Gets whether all resources have been healthy at the same time.</summary>
    public bool HasAllHealthy => UnhealthyResources.Count == 0;

    /// <summary>Gets the names of the resources that are not healthy.</summary>
    public IReadOnlyList<string> UnhealthyResources
    {
        get
        {
            lock (statesLock) return [.. order.Where(name => states.GetValueOrDefault(name) is not { Healthy: true })];
        }
    }

    /// <summary>Says which resources there will be.</summary>
    public void SetExpectedResources(IEnumerable<IResource> resources)
    {
        lock (statesLock) order = [.. resources.Select(resource => resource.Name)];
    }

    public bool Tracks(string name) => order.Contains(name);

    public void Update(IResource resource, ResourceStatus status)
    {
        var (project, replica) = host.Projects.SelectMany(project => project.Replicas.Select((builder, index) => (Project: project, Builder: builder, Replica: index + 1)))
            .Where(candidate => candidate.Builder.Resource == resource).Select(candidate => (candidate.Project.Name, candidate.Replica)).FirstOrDefault((resource.Name, 1));
        var url = resource switch
        {
            ServerProcess server => string.Create(CultureInfo.InvariantCulture, $"localhost:{server.Port}"),
            ProjectResource endpoints when new EndpointReference(endpoints, "http") is { IsAllocated: true } http => http.Url,
            _ => null,
        };
        lock (statesLock)
        {
            states[resource.Name] = new(resource.Name, project, replica, status.Pid, url, status.State ?? "", status.Healthy, status.Restarts, status.ExitCode);
            if (resource is PostgresProcess postgres) shells[resource.Name] = postgres;
        }

        changes.Writer.TryWrite(true);
    }

    /// <summary>Notes how a service was started, for operators' commands.</summary>
    public void RecordServiceStart(IResource resource, ImmutableArray<EnvironmentVariableSnapshot> environment)
    {
        if (host.Projects.FirstOrDefault(project => project.HasDatabase && project.Replicas[0].Resource == resource) is not { } service) return;
        lock (statesLock) services[service.Name] = ServiceStart.Of(service, environment);
        changes.Writer.TryWrite(true);
    }

    /// <summary>Writes the files from now on.</summary>
    public void StartWriting()
    {
        isWriting = true;
        changes.Writer.TryWrite(true);
    }

    public async ValueTask DisposeAsync()
    {
        changes.Writer.TryComplete();
        await writing;
    }

    private async Task WriteAsync()
    {
        await foreach (var _ in changes.Reader.ReadAllAsync())
        {
            if (!isWriting) continue;
            PrivateFile.WriteJson(DataDirectory.GetServicesFile(data.FullPath), Services());
            PrivateFile.WriteJson(data.RunFile, State());
        }
    }

    private List<ServiceStart> Services()
    {
        lock (statesLock) return [.. host.Projects.Where(project => services.ContainsKey(project.Name)).Select(project => services[project.Name])];
    }

    private RunState State()
    {
        lock (statesLock)
        {
            return new(
                new(Environment.ProcessId, startedAt),
                [.. host.Projects.Where(project => project.IsExternal).SelectMany(project => project.Replicas).Select(replica => replica.GetEndpoint("http").Url)],
                Dashboard,
                // Of PostgreSQL the orchestrator knows the shell that passes on its stop.
                [.. order.Where(states.ContainsKey).Select(name => states[name]).Select(state => !shells.ContainsKey(state.Name) || state.Pid is not { } shell ? state
                    : state with { Pid = ProcessTable.GetChildren(shell).Cast<int?>().FirstOrDefault() ?? shell })]);
        }
    }
}
