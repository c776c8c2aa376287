using System.Globalization;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Dashboard;
using MedCor.Hosting.Processes;
using MedCor.Hosting.Running;
using MedCor.Hosting.Servers;
using MedCor.Hosting.Terminal;

namespace MedCor.Hosting;

/// <summary>An application of servers and services that run as processes of this machine and end with it.</summary>
public sealed class DistributedApplication : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private const int UsualDashboardPort = 18888;

    /// <summary>So many ends in a row before being healthy make a start a failed one.</summary>
    private const int HopelessStarts = 3;

    private readonly HostOptions _options;
    private readonly IReadOnlyList<IResource> _resources;
    private readonly CancellationTokenSource _stopServices = new();
    private readonly CancellationTokenSource _stopServers = new();
    private readonly List<Task> _running = [];
    private readonly DateTimeOffset _since = DateTimeOffset.UtcNow;
    private List<Instance> _instances = [];
    private DataDirectory? _data;
    private StateFile? _state;
    private DashboardServer? _dashboard;
    private Telemetry? _telemetry;

    internal DistributedApplication(HostOptions options, IReadOnlyList<IResource> resources)
    {
        _options = options;
        _resources = resources;
    }

    internal IReadOnlyList<Instance> Instances => _instances;

    /// <summary>Begins an application with the options of this command line.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => CreateBuilder(new DistributedApplicationOptions { Args = args });

    /// <summary>Begins an application with these options.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new DistributedApplicationBuilder(options);
    }

    /// <summary>
    /// Starts everything and returns when all of it is healthy. Throws, with what the culprit said last, when something
    /// does not start; what did start is stopped again then. Writes nothing to the terminal.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await BeginAsync(report: null, cancellationToken);
            await HealthyAsync(cancellationToken);
        }
        catch
        {
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Stops the services, then the servers. Each has a bounded time to end before it is killed.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _stopServices.CancelAsync();
        await Task.WhenAll(_running.Take(_instances.Count).Where((_, index) => _instances[index].Resource is ProjectResource)).WaitAsync(cancellationToken);
        await _stopServers.CancelAsync();
        await Task.WhenAll(_running).WaitAsync(cancellationToken);
        _running.Clear();

        if (_dashboard is not null)
        {
            await _dashboard.DisposeAsync();
            _dashboard = null;
        }

        if (_state is not null)
        {
            await _state.DisposeAsync();
            _state = null;
        }

        _instances.ForEach(instance => instance.Dispose());
        _data?.Dispose();
        _data = null;
    }

    /// <summary>Starts everything, shows how it goes, and returns when it has been asked to end and everything has.</summary>
    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <inheritdoc cref="Run" />
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (_options.Help || _options.Error is not null)
        {
            Console.WriteLine(_options.Error is { } error ? $"{error}\n\n{HostOptions.Usage}" : HostOptions.Usage);
            Environment.ExitCode = _options.Error is null ? 0 : 2;
            return;
        }

        using var asked = new StopRequest(onImpatience: Kill, cancellationToken);
        if (_options.Operation is { } operation)
        {
            Environment.ExitCode = await Operation.RunAsync(operation, [.. _resources.OfType<ProjectResource>()], _options.Data, asked.Token);
            return;
        }

        var report = new Report(Console.Out, _options.Quiet, _since);
        try
        {
            await BeginAsync(report, asked.Token);
            await report.UntilAsync(HealthyOrStoppedAsync(asked.Token), asked.Token);
            if (!asked.Token.IsCancellationRequested)
            {
                report.Ready(_instances, _dashboard?.Login, _data!.FullPath);
                await Task.WhenAny(Task.Delay(Timeout.Infinite, asked.Token));
            }
        }
        catch (OperationCanceledException) when (asked.Token.IsCancellationRequested)
        {
            report.Note("Stopped before it was up.");
        }
        catch (DistributedApplicationException failed)
        {
            Report.Error(failed.Message);
            Environment.ExitCode = 1;
        }

        report.Stopping(_instances.Count > 0);
        await StopAsync(CancellationToken.None);
        report.Stopped(_instances.Count > 0);
    }

    /// <summary>Stops what runs.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopServices.Dispose();
        _stopServers.Dispose();
    }

    /// <summary>The connection string of a resource.</summary>
    public ValueTask<string?> GetConnectionStringAsync(string resourceName, CancellationToken cancellationToken = default) =>
        _resources.FirstOrDefault(resource => resource.Name == resourceName) is IResourceWithConnectionString resource
            ? resource.GetConnectionStringAsync(cancellationToken)
            : throw new ArgumentException($"No resource '{resourceName}' has a connection string.", nameof(resourceName));

    private async Task BeginAsync(Report? report, CancellationToken ct)
    {
        if (_options.Error is not null)
        {
            throw new DistributedApplicationException(_options.Error);
        }

        if (OperatingSystem.IsWindows())
        {
            throw new DistributedApplicationException("Redis and RabbitMQ run here as processes of Linux or macOS. On Windows start this in WSL.");
        }

        _data = DataDirectory.Open(_options.Data);
        report?.Starting(_data.FullPath);
        if (_options.Reset)
        {
            _data.Reset(_resources.OfType<ServerResource>().Select(server => server.Name));
        }

        using (var installing = new Log(_data.LogFile("installation")))
        {
            await Installation.EnsureAsync(_resources, installing, report is null ? _ => { } : report.Note, ct);
        }

        _instances = [.. _resources.OfType<ProcessResource>().SelectMany(Allocate)];
        var addresses = _resources.OfType<ProjectResource>().Where(project => project.Http?.IsExternal == true);
        foreach (var moved in addresses.Where(project => project.Http!.Port is { } port && project.Addresses[0].Port != port))
        {
            report?.Note($"Port {moved.Http!.Port} is taken by another program: {moved.Name} listens on {moved.Addresses[0].Port}.");
        }

        foreach (var instance in _instances)
        {
            instance.Changed += (_, status) => _state?.Update();
            if (report is not null)
            {
                instance.Changed += report.Changed;
            }
        }

        PrepareDashboard();
        _running.AddRange(_instances.Select(instance => Task.Run(
            () => instance.RunAsync(stop => DependenciesAsync(instance, stop), (instance.Resource is ProjectResource ? _stopServices : _stopServers).Token), ct)));
        if (_dashboard is not null)
        {
            await _dashboard.StartAsync(ct);
        }
    }

    // Services are told where their telemetry goes: to a collector that the host was started with, else to the dashboard.
    private void PrepareDashboard()
    {
        _telemetry = TelemetryElsewhere();
        if (_options.Dashboard)
        {
            var port = _data!.Ports.For("dashboard", UsualDashboardPort);
            var access = new Access(port);
            _dashboard = new DashboardServer(port, _instances, access, _telemetry?.Endpoint);
            _telemetry ??= new Telemetry(_dashboard.Url, "http/protobuf", $"{Access.TelemetryHeader}={access.TelemetryKey}");
        }
    }

    private IEnumerable<Instance> Allocate(ProcessResource resource)
    {
        switch (resource)
        {
            case PostgresServerResource postgres:
                return [Serve(postgres, new Postgres(postgres, _data!))];
            case RedisResource redis:
                return [Serve(redis, new Redis(redis, _data!))];
            case RabbitMQServerResource rabbit:
                return [Serve(rabbit, new Servers.RabbitMQ(rabbit, _data!))];
            case ProjectResource project:
                project.Allocate([.. Addresses(project)]);
                return Enumerable.Range(1, project.Replicas).Select(replica => new Instance(
                    project, replica, new Service(project, replica, _data!.EnvironmentFile(project.Name), () => ServiceEnvironment.OfAsync(project, $"{project.Name}-{replica}", replica, _telemetry, _dashboard?.Url)), _data!));
            default:
                throw new InvalidOperationException($"Nothing runs a {resource.GetType().Name}.");
        }
    }

    private Instance Serve(ServerResource resource, Server server)
    {
        server.Allocate();
        return new Instance(resource, 1, server, _data!);
    }

    private IEnumerable<Uri> Addresses(ProjectResource project)
    {
        if (project.Http is not { } endpoint)
        {
            yield break;
        }

        // "Any address" is for listening; a caller needs one.
        var host = endpoint.TargetHost is "0.0.0.0" or "*" or "+" or "[::]" or "::" ? "localhost" : endpoint.TargetHost;
        for (var replica = 1; replica <= project.Replicas; replica++)
        {
            var port = endpoint.Port is { } first ? _data!.Ports.From(first + replica - 1) : _data!.Ports.For($"{project.Name}-{replica}");
            yield return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}"));
        }
    }

    private static Telemetry? TelemetryElsewhere() =>
        Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 } endpoint
            ? new Telemetry(
                endpoint,
                Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_PROTOCOL"),
                Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_HEADERS"))
            : null;

    private Task DependenciesAsync(Instance instance, CancellationToken ct) => Task.WhenAll(_instances
        .Where(other => instance.Resource.WaitsFor.Contains(other.Resource))
        .Select(other => other.UntilAsync(needed => needed.Status.Healthy, ct)));

    private async Task HealthyAsync(CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            await Task.WhenAll(_instances.Select(async instance =>
            {
                await instance.UntilAsync(one => one.Status.Healthy || one.FailedStarts >= HopelessStarts, patience.Token);
                if (!instance.Status.Healthy)
                {
                    throw new DistributedApplicationException($"{instance.Name} does not start:\n{string.Join('\n', instance.Log.Tail(20))}");
                }
            }));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            var late = _instances.Where(instance => !instance.Status.Healthy).ToList();
            throw new DistributedApplicationException(
                $"Not healthy in {Patience}: " + string.Join('\n', late.Select(instance => $"{instance.Name}\n{string.Join('\n', instance.Log.Tail(20))}")));
        }

        _state = new StateFile(_data!.RunFile, State);
    }

    // At a terminal somebody can read why a service does not start, and mend it; so that is no reason to end.
    private async Task HealthyOrStoppedAsync(CancellationToken ct)
    {
        await Task.WhenAll(_instances.Select(instance => instance.UntilAsync(one => one.Status.Healthy, ct)));
        _state = new StateFile(_data!.RunFile, State);
    }

    private StateFile.Run State() => new(
        new StateFile.HostProcess(Environment.ProcessId, _since),
        [.. _resources.OfType<ProjectResource>().Where(project => project.Http?.IsExternal == true).SelectMany(project => project.Addresses).Select(address => address.GetLeftPart(UriPartial.Authority))],
        _dashboard is null ? null : new StateFile.DashboardAddress(_dashboard.Url, _dashboard.Token, _dashboard.Login),
        [.. _instances.Select(instance => new StateFile.ResourceState(
            instance.Name, instance.Resource.Name, instance.Replica, instance.Status.Pid, instance.Address, instance.Status.State.ToString(),
            instance.Status.Healthy, instance.Status.Restarts, instance.Status.ExitCode))]);

    private void Kill() => _instances.ForEach(instance =>
    {
        if (instance.Status.Pid is { } pid)
        {
            ProcessTable.Send(pid, Signal.Kill);
        }
    });
}
