using System.Collections.Concurrent;
using MedCor.Chat.LanguageModel;
using MedCor.Chat.ToolUse;
using MedCor.ChatStreams;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.Chat.Runs;

/// <summary>
/// Executes the runs of this process and renews the worker's lease for as long as the process lives: without the lease, other replicas end its runs. A run that
/// is ended elsewhere is stopped here, at once by a notification, otherwise at the next check.
/// </summary>
internal sealed partial class RunWorker(ChatStreamStore streams, RedisRetryPolicies retryPolicies, IServiceProvider services, TimeProvider clock,
    ILogger<RunWorker> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>Specifies the time in which unfinished runs may end when the process is told to stop.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Guid, (RunExecutor Run, Task Done)> _runs = new();
    private readonly CancellationTokenSource _stopping = new();
    private bool _isSubscribed;

    /// <summary>Gets the name of this process among the workers, which changes with a restart.</summary>
    public string Name { get; } = Guid.CreateVersion7().ToString("N");

    /// <summary>Gets the limiter of the runs in this process.</summary>
    public ConcurrencyLimiter Limiter { get; } = new();

    /// <summary>Starts executing a run, which holds the lease until it ends.</summary>
    public void Start(StartedRun started, ConcurrencyLimiter.ConcurrencyLease lease)
    {
        var run = ActivatorUtilities.CreateInstance<RunExecutor>(services, started, Name);
        var ownLease = lease.Transfer();
        var registered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _runs[started.RunId] = (run, RunAsync());
        registered.SetResult();

        async Task RunAsync()
        {
            // The run must be in the dictionary first, because it removes itself from there at its end.
            await registered.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            using (ownLease)
                try
                {
                    await run.ExecuteAsync();
                }
                catch (Exception e) // any failure: nothing else would report it
                {
                    LogRunFailed(log, e.GetType().FullName, e.StackTrace);
                }
            _runs.TryRemove(started.RunId, out _);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var runsDone = Task.WhenAll(_runs.Values.Select(r => r.Done));
        try
        {
            await runsDone.WaitAsync(DrainTimeout, clock, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            foreach (var (run, _) in _runs.Values) run.Interrupt();
            await runsDone;
        }
        try
        {
            await streams.ReleaseLeaseAsync(Name);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // The lease expires by itself.
        }
        await _stopping.CancelAsync();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        do
            try
            {
                await RenewLeaseAsync();
                await CancelEndedRunsAsync();
            }
            catch (Exception e) // any failure: an exception that escapes would end the process
            {
                LogLeaseNotRenewed(log, e.GetType().Name);
            }
        while (await WaitForTickAsync(timer, stoppingToken));
    }

    private static async Task<bool> WaitForTickAsync(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task RenewLeaseAsync()
    {
        if (!_isSubscribed)
        {
            // Only once: a subscription that fails now is made as soon as Redis is available.
            _isSubscribed = true;
            await streams.SubscribeToRunEndsAsync(Name, runId =>
            {
                if (_runs.TryGetValue(runId, out var entry)) entry.Run.Cancel();
            });
        }
        await streams.RenewLeaseAsync(Name);
    }

    /// <summary>Discards a run that may have been started and that no worker executes, as soon as Redis is available.</summary>
    public void Abandon(Guid runId, ChatRunOwner owner, string? requestId)
    {
        _ = Forget();

        async Task Forget()
        {
            try
            {
                await retryPolicies.ForEnding.ExecuteAsync(async _ => await streams.DiscardAsync(runId, owner, requestId), _stopping.Token);
            }
            catch (Exception e) // any failure: nothing else would report it
            {
                LogDiscardFailed(log, e.GetType().Name);
            }
        }
    }

    /// <summary>Stops runs that were ended elsewhere and whose notification was lost.</summary>
    private Task CancelEndedRunsAsync() => Task.WhenAll(_runs.Select(async entry =>
    {
        if (await streams.GetStateAsync(entry.Key) != ChatRunState.Started) entry.Value.Run.Cancel();
    }));

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    [LoggerMessage(5010, LogLevel.Error, "A chat call ended with an unhandled error: {Kind}\n{Stack}")]
    private static partial void LogRunFailed(ILogger log, string? kind, string? stack);

    [LoggerMessage(5011, LogLevel.Warning, "Renewing the lease on this process's chat calls failed and is retried: {Kind}")]
    private static partial void LogLeaseNotRenewed(ILogger log, string kind);

    [LoggerMessage(5012, LogLevel.Warning, "Discarding a chat call that was not started failed; it stays in Redis until it expires: {Kind}")]
    private static partial void LogDiscardFailed(ILogger log, string kind);
}

/// <summary>Represents a run that was started.</summary>
/// <param name="ToolUse">Carries out what the model calls; null when it may call no tools.</param>
internal sealed record StartedRun(Guid RunId, ChatRunOwner Owner, ModelRequest Request, ToolRounds? ToolUse = null);
