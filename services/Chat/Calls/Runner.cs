using System.Collections.Concurrent;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;
using StackExchange.Redis;

namespace MedCor.Chat.Calls;

/// <summary>
/// Carries out the calls of this process, and says that it lives for as long as it does: without that, its calls are given up by whoever looks. What others end is
/// ended here, at once by a hint, otherwise at the next look.
/// </summary>
internal sealed class Runner(CallStreams streams, RedisPatience patience, IServiceProvider services, TimeProvider clock, ILogger<Runner> log) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    /// <summary>Calls that are under way when the process is told to stop may end by themselves.</summary>
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Guid, (Run Run, Task Done)> runs = new();
    private readonly CancellationTokenSource stops = new();
    private bool hearsEndings;

    /// <summary>Who this process is among the runners; another one after a restart.</summary>
    public string Name { get; } = Guid.CreateVersion7().ToString("N");

    /// <summary>Those for calls here.</summary>
    public Places Places { get; } = new();

    /// <summary>Carries out a call, and keeps its place until it ends.</summary>
    public void Carry(Asked asked, Places.Place taken)
    {
        var run = ActivatorUtilities.CreateInstance<Run>(services, asked, Name);
        var place = taken.Keep();
        var begins = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        runs[asked.Call] = (run, Done());
        begins.SetResult();

        async Task Done()
        {
            // Not before it stands among the others, from which it takes itself away at its end.
            await begins.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            using (place)
                try
                {
                    await run.Execute();
                }
                catch (Exception e) // whatever it is: nobody else would hear of it
                {
                    log.LogError("A chat call ended badly: {Kind}\n{Stack}", e.GetType().FullName, e.StackTrace);
                }
            runs.TryRemove(asked.Call, out _);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var rest = Task.WhenAll(runs.Values.Select(r => r.Done));
        try
        {
            await rest.WaitAsync(Drain, clock, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            foreach (var (run, _) in runs.Values) run.Interrupt();
            await rest;
        }
        try
        {
            await streams.Leave(Name);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // The lease ends by itself.
        }
        await stops.CancelAsync();
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        do
            try
            {
                await Renew();
                await Look();
            }
            catch (Exception e) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("This process cannot say that it carries out chat calls: {Kind}", e.GetType().Name);
            }
        while (await Ticks(timer, stoppingToken));
    }

    private static async Task<bool> Ticks(PeriodicTimer timer, CancellationToken ct)
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

    private async Task Renew()
    {
        if (!hearsEndings)
        {
            // Once: what could not be subscribed to now is as soon as Redis is there.
            hearsEndings = true;
            await streams.HearEndings(Name, call =>
            {
                if (runs.TryGetValue(call, out var found)) found.Run.Stop();
            });
        }
        await streams.Renew(Name);
    }

    /// <summary>Forgets a call that was perhaps begun and that nobody carries out, as soon as Redis lets it.</summary>
    public void Abandon(Guid call, CallOwner owner, string? requestId)
    {
        _ = Forget();

        async Task Forget()
        {
            try
            {
                await patience.Long.ExecuteAsync(async _ => await streams.Forget(call, owner, requestId), stops.Token);
            }
            catch (Exception e) // whatever it is: nobody else would hear of it
            {
                log.LogWarning("A chat call that was not begun stays in Redis: {Kind}", e.GetType().Name);
            }
        }
    }

    /// <summary>Stops what others have ended and no hint came of.</summary>
    private Task Look() => Task.WhenAll(runs.Select(async under =>
    {
        if (await streams.StateOf(under.Key) != CallState.Started) under.Value.Run.Stop();
    }));

    /// <inheritdoc/>
    public override void Dispose()
    {
        stops.Dispose();
        base.Dispose();
    }
}

/// <summary>A call that was begun.</summary>
internal sealed record Asked(Guid Call, CallOwner Owner, Question Question);
