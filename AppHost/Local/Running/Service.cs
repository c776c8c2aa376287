using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;

namespace MedCor.Hosting.Running;

/// <summary>Runs a replica of a project.</summary>
internal sealed class Service(ProjectResource resource, int replica, string environmentFile, Func<Task<IReadOnlyList<Variable>>> environment) : Workload
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(3) };

    private IReadOnlyList<Variable> _environment = [];

    /// <summary>The variables it was last started with.</summary>
    public IReadOnlyList<Variable> Environment => _environment;

    public override async Task PrepareAsync(Log log, CancellationToken ct)
    {
        if (!File.Exists(resource.Project.AssemblyPath))
        {
            throw new DistributedApplicationException($"{resource.Project.AssemblyPath} is not built.");
        }

        _environment = await environment();
        DataDirectory.WriteJson(environmentFile, _environment.ToDictionary(variable => variable.Name, variable => variable.Value));
    }

    public override Command Command() => new(Programs.DotNet, resource.Project.AssemblyPath)
    {
        WorkingDirectory = Path.GetDirectoryName(resource.Project.ProjectPath),
        Environment = _environment.ToDictionary(variable => variable.Name, variable => variable.Value),
        // What a service owes it has committed; killed it leaves nothing behind, whatever it hangs in.
        DeathSignal = Signal.Kill,
    };

    public override async Task<bool> IsHealthyAsync(CancellationToken ct)
    {
        if (resource.HealthPath is null || resource.Addresses.Count == 0)
        {
            return true;
        }

        try
        {
            using var answer = await Http.GetAsync(new Uri(resource.Addresses[replica - 1], resource.HealthPath), HttpCompletionOption.ResponseHeadersRead, ct);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception unwell) when (unwell is HttpRequestException || (unwell is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }
}
