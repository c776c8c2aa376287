namespace MedCor.AppHost.Data;

/// <summary>
/// Represents the running application, as stored in <c>run.json</c>, for tests and for a second start. The file is created once all resources have been
/// healthy, is kept up to date and is deleted when the host stops. It contains the dashboard's token, so only its owner can read it.
/// </summary>
internal sealed record RunState(RunState.HostProcess Host, IReadOnlyList<string> Gateways, RunState.DashboardAddress? Dashboard,
    IReadOnlyList<RunState.ResourceState> Resources)
{
    /// <summary>Describes the host that owns a data directory.</summary>
    public static string DescribeOwner(string path) => PrivateFile.ReadJson<RunState>(DataDirectory.GetRunFile(path)) is { } run
        ? $"MedCor is already running on {path} (process {run.Host.Pid}): {string.Join(", ", run.Gateways)}"
            + (run.Dashboard is { } dashboard ? $"; dashboard {dashboard.Login}" : "")
        : $"MedCor is already running on {path}; it is just starting or stopping.";

    internal sealed record HostProcess(int Pid, DateTimeOffset Since);

    internal sealed record DashboardAddress(string Url, string Token, string Login);

    internal sealed record ResourceState(string Name, string Resource, int Replica, int? Pid, string? Url, string State, bool Healthy,
        int Restarts, int? ExitCode);
}
