using System.Collections.Concurrent;
using MedCor.Chat.LanguageModel;
using MedCor.ChatStreams;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.Chat.Runs;

/// <summary>
/// Carries out the calls of this process, and says that it lives for as long as it does: without that, its calls are given up by whoever looks. What others end is
/// ended here, at once by a hint, otherwise at the next look.
/// </summary>
internal sealed class RunWorker(ChatStreamStore streams, RedisRetryPolicies patience, IServiceProvider services, TimeProvider clock, ILogger<RunWorker> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>Calls that are under way when the process is told to stop may end by themselves.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Guid, (RunExecutor Run, Task Done)> _runs = new();
    private readonly CancellationTokenSource _stopping = new();
    private bool _isSubscribed;

    /// <summary>Who this process is among the runners; another one after a restart.</summary>
    public string Name { get; } = Guid.CreateVersion7().ToString("N");

    /// <summary>Those for calls here.</summary>
    public ConcurrencyLimiter Limiter { get; } = new();

    /// <summary>Carries out a call, and keeps its place until it ends.</summary>
    public void Start(StartedRun started, ConcurrencyLimiter.ConcurrencyLease taken)
    {
        var run = ActivatorUtilities.CreateInstance<RunExecutor>(services, started, Name);
        var place = taken.Transfer();
        var begins = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _runs[started.RunId] = (run, Done());
        begins.SetResult();

        async Task Done()
        {
            // Not before it stands among the others, from which it takes itself away at its end.
            await begins.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            using (place)
                try
                {
                    await run.ExecuteAsync();
                }
                catch (Exception e) // whatever it is: nobody else would hear of it
                {
                    log.LogError("A chat call ended badly: {Kind}\n{Stack}", e.GetType().FullName, e.StackTrace);
                }
            _runs.TryRemove(started.RunId, out _);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var rest = Task.WhenAll(_runs.Values.Select(r => r.Done));
        try
        {
            await rest.WaitAsync(DrainTimeout, clock, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            foreach (var (run, _) in _runs.Values) run.Interrupt();
            await rest;
        }
        try
        {
            await streams.ReleaseLeaseAsync(Name);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // The lease ends by itself.
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
            catch (Exception e) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("This process cannot say that it carries out chat calls: {Kind}", e.GetType().Name);
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
            // Once: what could not be subscribed to now is as soon as Redis is there.
            _isSubscribed = true;
            await streams.SubscribeToRunEndsAsync(Name, call =>
            {
                if (_runs.TryGetValue(call, out var found)) found.Run.Cancel();
            });
        }
        await streams.RenewLeaseAsync(Name);
    }

    /// <summary>Forgets a call that was perhaps begun and that nobody carries out, as soon as Redis lets it.</summary>
    public void Abandon(Guid call, ChatRunOwner owner, string? requestId)
    {
        _ = Forget();

        async Task Forget()
        {
            try
            {
                await patience.ForEnding.ExecuteAsync(async _ => await streams.DiscardAsync(call, owner, requestId), _stopping.Token);
            }
            catch (Exception e) // whatever it is: nobody else would hear of it
            {
                log.LogWarning("A chat call that was not begun stays in Redis: {Kind}", e.GetType().Name);
            }
        }
    }

    /// <summary>Stops what others have ended and no hint came of.</summary>
    private Task CancelEndedRunsAsync() => Task.WhenAll(_runs.Select(async under =>
    {
        if (await streams.GetStateAsync(under.Key) != ChatRunState.Started) under.Value.Run.Cancel();
    }));

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }
}

/// <summary>A call that was begun.</summary>
internal sealed record StartedRun(Guid RunId, ChatRunOwner Owner, ModelRequest Request);
