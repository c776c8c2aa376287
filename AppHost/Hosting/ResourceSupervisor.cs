using System.Diagnostics;
using System.Globalization;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.AppHost.Hosting;

/// <summary>Represents the state of a resource at a point in time.</summary>
/// <param name="Restarts">The number of restarts after the resource exited by itself.</param>
internal sealed record ResourceStatus(string? State = null, bool Healthy = false, int? Pid = null, int Restarts = 0, int? ExitCode = null)
{
    /// <summary>Gets the number of consecutive exits before the resource had been stable.</summary>
    public int FailedStarts { get; init; }

    /// <summary>Gets the <see cref="Stopwatch"/> timestamp at which the resource entered its state.</summary>
    public long Since { get; init; }
}

/// <summary>
/// Watches the resources: restarts those that exit by themselves, and updates the report and <c>run.json</c>. A resource that a user stops passes through
/// the state Stopping and stays stopped.
/// </summary>
internal sealed class ResourceSupervisor(
    ResourceNotificationService notifications, ResourceCommandService commands, DistributedApplicationModel model, ApplicationModel host,
    ConsoleReport report, RunStateFile runFile, ResourceLogFiles logs, StartedProcesses started)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(15);

    // A resource that ran this long restarts with the first, shortest delay.
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, ResourceStatus> _statuses = [];
    private bool _isReady;

    /// <summary>Watches the resources until canceled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var supervised = model.Resources.Where(resource => resource is ContainerResource || resource.HasAnnotationOfType<KeepRunningAnnotation>()).ToArray();
        runFile.SetExpectedResources(
            supervised.Where(resource => resource.Annotations.OfType<KeepRunningAnnotation>().All(annotation => annotation.IsReported)));
        report.SetWaitReason(() => runFile.UnhealthyResources);
        try
        {
            await foreach (var change in notifications.WatchAsync(ct))
            {
                var pid = PidOf(change.Snapshot);
                started.Record(change.ResourceId, pid);
                if (!supervised.Contains(change.Resource)) continue;
                // The orchestrator has not named the resource yet, so there is no output to read.
                if (change.ResourceId != change.Resource.Name) logs.Follow(change.Resource.Name, change.ResourceId);
                HandleChange(change, pid, ct);
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private void HandleChange(ResourceEvent change, int? pid, CancellationToken ct)
    {
        var (name, snapshot) = (change.Resource.Name, change.Snapshot);
        var previous = _statuses.GetValueOrDefault(name) ?? new();
        var state = snapshot.State?.Text;
        var hasEnded = KnownResourceStates.TerminalStates.Contains(state);
        var now = previous with
        {
            State = state,
            Healthy = state == KnownResourceStates.Running && snapshot.HealthStatus is null or HealthStatus.Healthy,
            Pid = hasEnded ? null : pid ?? previous.Pid,
            ExitCode = hasEnded ? snapshot.ExitCode : previous.ExitCode,
            Since = state == previous.State ? previous.Since : Stopwatch.GetTimestamp(),
        };
        if (now == previous) return;

        var ended = hasEnded && !KnownResourceStates.TerminalStates.Contains(previous.State) && previous.State is not null
            && previous.State != KnownResourceStates.Stopping;
        if (ended)
        {
            var wasStable = previous.State == KnownResourceStates.Running && Stopwatch.GetElapsedTime(previous.Since) > StableAfter;
            now = now with { Restarts = previous.Restarts + 1, FailedStarts = wasStable ? 0 : previous.FailedStarts + 1 };
            _ = RestartAsync(change.ResourceId, now.FailedStarts, ct);
        }

        _statuses[name] = now;
        if (!runFile.Tracks(name)) return;
        report.ReportChange(name, previous, now, hasEndedByItself: ended, snapshot.Urls.FirstOrDefault(url => !url.IsInternal)?.Url);
        runFile.Update(change.Resource, now);
        if (state == KnownResourceStates.Running) runFile.RecordServiceStart(change.Resource, snapshot.EnvironmentVariables);
        if (_isReady || !runFile.HasAllHealthy) return;
        _isReady = true;
        runFile.StartWriting();
        report.ReportReady(host, runFile.Dashboard);
    }

    private async Task RestartAsync(string resource, int failedStarts, CancellationToken ct)
    {
        try
        {
            // Repeats until the resource is started, here or by a user.
            do
            {
                await Task.Delay(TimeSpan.FromTicks(Math.Min(MaxPause.Ticks, FirstPause.Ticks << Math.Min(failedStarts++, 10))), ct);
            }
            while (notifications.TryGetCurrentState(resource, out var now) && KnownResourceStates.TerminalStates.Contains(now.Snapshot.State?.Text)
                && !(await commands.ExecuteCommandAsync(resource, KnownResourceCommands.StartCommand, ct)).Success);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private static int? PidOf(CustomResourceSnapshot snapshot) =>
        snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value is { } pid
            ? Convert.ToInt32(pid, CultureInfo.InvariantCulture)
            : null;
}
