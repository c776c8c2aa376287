using System.Collections.Immutable;
using System.Globalization;
using System.Threading.Channels;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using MedCor.AppHost.Servers;

namespace MedCor.AppHost.Hosting;

/// <summary>Keeps <c>run.json</c> and <c>services.json</c> up to date.</summary>
internal sealed class RunStateFile : IAsyncDisposable
{
    private readonly DataDirectory _data;
    private readonly ApplicationModel _host;
    private readonly DateTimeOffset _startedAt = TimeProvider.System.GetUtcNow();
    private readonly Lock _statesLock = new();
    private readonly Dictionary<string, RunState.ResourceState> _states = [];
    private readonly Dictionary<string, PostgresProcess> _shells = [];
    private readonly Dictionary<string, ServiceStart> _services = [];
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _writing;
    private bool _isWriting;
    private List<string> _order = [];

    public RunStateFile(DataDirectory data, ApplicationModel host, RunState.DashboardAddress? dashboard)
    {
        (_data, _host, Dashboard) = (data, host, dashboard);
        _writing = WriteAsync();
    }

    public RunState.DashboardAddress? Dashboard { get; }

    /// <summary>Gets whether all resources are healthy.</summary>
    public bool HasAllHealthy => UnhealthyResources.Count == 0;

    /// <summary>Gets the names of the resources that are not healthy.</summary>
    public IReadOnlyList<string> UnhealthyResources
    {
        get
        {
            lock (_statesLock) return [.. _order.Where(name => _states.GetValueOrDefault(name) is not { Healthy: true })];
        }
    }

    /// <summary>Sets the resources that the application is expected to have.</summary>
    public void SetExpectedResources(IEnumerable<IResource> resources)
    {
        lock (_statesLock) _order = [.. resources.Select(resource => resource.Name)];
    }

    public bool Tracks(string name) => _order.Contains(name);

    public void Update(IResource resource, ResourceStatus status)
    {
        var (project, replica) = _host.Projects
            .SelectMany(project => project.Replicas.Select((builder, index) => (Project: project, Builder: builder, Replica: index + 1)))
            .Where(candidate => candidate.Builder.Resource == resource).Select(candidate => (candidate.Project.Name, candidate.Replica))
            .FirstOrDefault((resource.Name, 1));
        var url = resource switch
        {
            ServerProcess server => string.Create(CultureInfo.InvariantCulture, $"localhost:{server.Port}"),
            ProjectResource endpoints when new EndpointReference(endpoints, "http") is { IsAllocated: true } http => http.Url,
            _ => null,
        };
        lock (_statesLock)
        {
            _states[resource.Name] = new(
                Name: resource.Name,
                Resource: project,
                Replica: replica,
                Pid: status.Pid,
                Url: url,
                State: status.State ?? "",
                Healthy: status.Healthy,
                Restarts: status.Restarts,
                ExitCode: status.ExitCode);
            if (resource is PostgresProcess postgres) _shells[resource.Name] = postgres;
        }

        _changes.Writer.TryWrite(true);
    }

    /// <summary>Records how a service was started, for operator commands.</summary>
    public void RecordServiceStart(IResource resource, ImmutableArray<EnvironmentVariableSnapshot> environment)
    {
        if (_host.Projects.FirstOrDefault(project => project.HasDatabase && project.Replicas[0].Resource == resource) is not { } service) return;
        lock (_statesLock) _services[service.Name] = ServiceStart.Of(service, environment);
        _changes.Writer.TryWrite(true);
    }

    /// <summary>Starts writing the files.</summary>
    public void StartWriting()
    {
        _isWriting = true;
        _changes.Writer.TryWrite(true);
    }

    public async ValueTask DisposeAsync()
    {
        _changes.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        await foreach (var _ in _changes.Reader.ReadAllAsync())
        {
            if (!_isWriting) continue;
            PrivateFile.WriteJson(DataDirectory.GetServicesFile(_data.FullPath), Services());
            PrivateFile.WriteJson(_data.RunFile, State());
        }
    }

    private List<ServiceStart> Services()
    {
        lock (_statesLock) return [.. _host.Projects.Where(project => _services.ContainsKey(project.Name)).Select(project => _services[project.Name])];
    }

    private RunState State()
    {
        lock (_statesLock)
        {
            return new(
                new(Environment.ProcessId, _startedAt),
                [.. _host.Projects.Where(project => project.IsExternal).SelectMany(project => project.Replicas)
                    .Select(replica => replica.GetEndpoint("http").Url)],
                Dashboard,
                // For PostgreSQL the orchestrator knows the process id of the shell that forwards its stop signal, so the child's id is reported.
                [.. _order.Where(_states.ContainsKey).Select(name => _states[name])
                    .Select(state => !_shells.ContainsKey(state.Name) || state.Pid is not { } shell ? state
                        : state with { Pid = ProcessTable.GetChildren(shell).Cast<int?>().FirstOrDefault() ?? shell })]);
        }
    }
}
