using System.Diagnostics;
using System.Globalization;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace MedCor.AppHost.Hosting;

/// <summary>Describes the state of a resource at a moment.</summary>
/// <param name="Restarts">How often it was started again after it had ended by itself.</param>
internal sealed record ResourceStatus(string? State = null, bool Healthy = false, int? Pid = null, int Restarts = 0, int? ExitCode = null)
{
    /// <summary>Gets how often in a row it ended before it had been stable.</summary>
    public int FailedStarts { get; init; }

    /// <summary>Gets the timestamp of <see cref="Stopwatch"/> at which it came into its state.</summary>
    public long Since { get; init; }
}

/// <summary>
/// Watches the resources: starts again what ends by itself, and has the report and <c>run.json</c> follow. What a person stops, passes
/// through the state Stopping and stays so.
/// </summary>
internal sealed class ResourceSupervisor(
    ResourceNotificationService notifications, ResourceCommandService commands, DistributedApplicationModel model, ApplicationModel host, ConsoleReport report, RunStateFile runFile,
    ResourceLogFiles logs, StartedProcesses started)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(15);

    // What ran for this long begins anew with the first pause.
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, ResourceStatus> _statuses = [];
    private bool _isReady;

    /// <summary>Watches until cancelled.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var kept = model.Resources.Where(resource => resource is ContainerResource || resource.HasAnnotationOfType<KeepRunningAnnotation>()).ToArray();
        runFile.SetExpectedResources(kept.Where(resource => resource.Annotations.OfType<KeepRunningAnnotation>().All(annotation => annotation.IsReported)));
        report.SetWaitReason(() => runFile.UnhealthyResources);
        try
        {
            await foreach (var change in notifications.WatchAsync(ct))
            {
                var pid = PidOf(change.Snapshot);
                started.Record(change.ResourceId, pid);
                if (!kept.Contains(change.Resource)) continue;
                // Before the orchestrator has named it, there is nothing to read.
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
        var before = _statuses.GetValueOrDefault(name) ?? new();
        var state = snapshot.State?.Text;
        var hasEnded = KnownResourceStates.TerminalStates.Contains(state);
        var now = before with
        {
            State = state,
            Healthy = state == KnownResourceStates.Running && snapshot.HealthStatus is null or HealthStatus.Healthy,
            Pid = hasEnded ? null : pid ?? before.Pid,
            ExitCode = hasEnded ? snapshot.ExitCode : before.ExitCode,
            Since = state == before.State ? before.Since : Stopwatch.GetTimestamp(),
        };
        if (now == before) return;

        var ended = hasEnded && !KnownResourceStates.TerminalStates.Contains(before.State) && before.State is not null && before.State != KnownResourceStates.Stopping;
        if (ended)
        {
            var wasStable = before.State == KnownResourceStates.Running && Stopwatch.GetElapsedTime(before.Since) > StableAfter;
            now = now with { Restarts = before.Restarts + 1, FailedStarts = wasStable ? 0 : before.FailedStarts + 1 };
            _ = RestartAsync(change.ResourceId, now.FailedStarts, ct);
        }

        _statuses[name] = now;
        if (!runFile.Tracks(name)) return;
        report.ReportChange(name, before, now, hasEndedByItself: ended, snapshot.Urls.FirstOrDefault(url => !url.IsInternal)?.Url);
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
            // Until it is started, by this or by a person.
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
        snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value is { } pid ? Convert.ToInt32(pid, CultureInfo.InvariantCulture) : null;
}
