using System.Globalization;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;

namespace MedCor.Hosting.Running;

/// <summary>Where an instance is in its life.</summary>
internal enum State
{
    /// <summary>What it waits for is not healthy yet.</summary>
    Waiting,

    /// <summary>Its process runs and has not been healthy yet.</summary>
    Starting,

    /// <summary>Its process runs.</summary>
    Running,

    /// <summary>Its process ended by itself and is started again after a pause.</summary>
    Restarting,

    /// <summary>Its process has been asked to end.</summary>
    Stopping,

    /// <summary>It was stopped on purpose.</summary>
    Stopped,
}

/// <summary>What is known of an instance at a moment.</summary>
internal sealed record Status(State State, bool Healthy, int? Pid, int Restarts, int? ExitCode, DateTimeOffset? Since);

/// <summary>One process of a resource (a replica): kept running until it is stopped.</summary>
internal sealed class Instance : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    /// <summary>A process that was healthy for this long begins anew with the first pause.</summary>
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan UntilHealthy = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WhileHealthy = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WhileUnwell = TimeSpan.FromSeconds(1);

    private readonly string _processFile;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _oneCommand = new(1);
    private CancellationTokenSource _stop = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Instance(ProcessResource resource, int replica, Workload workload, DataDirectory data)
    {
        Resource = resource;
        Replica = replica;
        Name = resource.Replicas == 1 ? resource.Name : string.Create(CultureInfo.InvariantCulture, $"{resource.Name}-{replica}");
        Workload = workload;
        Log = new Log(data.LogFile(Name));
        _processFile = data.ProcessFile(Name);
    }

    /// <summary>Raised after every change of <see cref="Status"/>.</summary>
    public event Action<Instance, Status>? Changed;

    public ProcessResource Resource { get; }

    /// <summary>From 1.</summary>
    public int Replica { get; }

    public string Name { get; }

    /// <summary>Where it listens, for people.</summary>
    public string? Address => Resource switch
    {
        ServerResource server => string.Create(CultureInfo.InvariantCulture, $"localhost:{server.Port}"),
        ProjectResource { Addresses.Count: > 0 } project => project.Addresses[Replica - 1].GetLeftPart(UriPartial.Authority),
        _ => null,
    };

    public Workload Workload { get; }

    public Log Log { get; }

    public Status Status { get; private set; } = new(State.Waiting, Healthy: false, Pid: null, Restarts: 0, ExitCode: null, Since: null);

    /// <summary>How often in a row it ended without ever having been healthy.</summary>
    public int FailedStarts { get; private set; }

    /// <summary>Runs it until cancelled, and then until its process has ended.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> dependencies, CancellationToken shutdown)
    {
        try
        {
            await EndLeftoverAsync();
            while (!shutdown.IsCancellationRequested)
            {
                var wanted = Renew(shutdown);
                await KeepRunningAsync(dependencies, _stop.Token);
                Change(now => now with { State = State.Stopped, Healthy = false, Pid = null, Since = null });
                await Task.WhenAny(wanted, Task.Delay(Timeout.Infinite, shutdown));
            }
        }
        finally
        {
            await Workload.EndAsync();
        }
    }

    /// <summary>Stops the process; it stays so until started.</summary>
    public Task StopAsync(CancellationToken ct) => CommandAsync(() => StopProcessAsync(ct), ct);

    /// <summary>Starts the process after a stop.</summary>
    public Task StartAsync(CancellationToken ct) => CommandAsync(() => StartProcessAsync(ct), ct);

    /// <summary>Stops the process and starts it again.</summary>
    public Task RestartAsync(CancellationToken ct) => CommandAsync(async () =>
    {
        await StopProcessAsync(ct);
        await StartProcessAsync(ct);
    }, ct);

    /// <summary>Returns as soon as the condition holds.</summary>
    public async Task UntilAsync(Func<Instance, bool> condition, CancellationToken ct)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (condition(this))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(ct);
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _oneCommand.Dispose();
        Log.Dispose();
    }

    private async Task CommandAsync(Func<Task> command, CancellationToken ct)
    {
        await _oneCommand.WaitAsync(ct);
        try
        {
            await command();
        }
        finally
        {
            _oneCommand.Release();
        }
    }

    private async Task StopProcessAsync(CancellationToken ct)
    {
        await _stop.CancelAsync();
        await UntilAsync(instance => instance.Status.State == State.Stopped, ct);
    }

    private async Task StartProcessAsync(CancellationToken ct)
    {
        _wanted.TrySetResult();
        await UntilAsync(instance => instance.Status.State != State.Stopped, ct);
    }

    private Task Renew(CancellationToken shutdown)
    {
        _stop.Dispose();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(shutdown);
        _wanted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _wanted.Task;
    }

    private async Task KeepRunningAsync(Func<CancellationToken, Task> dependencies, CancellationToken stop)
    {
        var pause = FirstPause;
        while (!stop.IsCancellationRequested)
        {
            var started = DateTimeOffset.UtcNow;
            try
            {
                Change(now => now with { State = State.Waiting, Healthy = false, Pid = null });
                await dependencies(stop);
                var exitCode = await RunOnceAsync(stop);
                Log.Add($"(host) {Name} ended with exit code {exitCode}");
                Change(now => now with { State = State.Restarting, Healthy = false, Pid = null, ExitCode = exitCode, Restarts = now.Restarts + 1 });
            }
            catch (Exception failed) when (!stop.IsCancellationRequested)
            {
                Log.Add($"(host) {Name} could not be run: {failed.Message}");
                FailedStarts++;
                Change(now => now with { State = State.Restarting, Healthy = false, Pid = null, Restarts = now.Restarts + 1 });
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }

            pause = DateTimeOffset.UtcNow - started > Stable ? FirstPause : pause;
            await Task.WhenAny(Task.Delay(pause, stop));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Runs the process to its end, or stops it when asked to.</summary>
    private async Task<int> RunOnceAsync(CancellationToken stop)
    {
        await Workload.PrepareAsync(Log, stop);
        await using var process = await ChildProcess.StartAsync(Workload.Command(), Log);
        DataDirectory.Write(_processFile, string.Create(CultureInfo.InvariantCulture, $"{process.Id} {process.Started}"));
        Change(now => now with { State = State.Starting, Pid = process.Id, Since = DateTimeOffset.UtcNow });
        try
        {
            await WatchAsync(process, stop);
            return await process.Exited;
        }
        finally
        {
            if (!process.Exited.IsCompleted)
            {
                Change(now => now with { State = State.Stopping, Healthy = false });
                await process.StopAsync();
                Change(now => now with { ExitCode = process.Exited.Result });
            }

            File.Delete(_processFile);
        }
    }

    private async Task WatchAsync(ChildProcess process, CancellationToken stop)
    {
        var complete = false;
        while (!process.Exited.IsCompleted)
        {
            var healthy = await Workload.IsHealthyAsync(stop);
            if (healthy && !complete)
            {
                await Workload.CompleteAsync(Log, stop);
                complete = true;
                FailedStarts = 0;
            }

            if (complete && !process.Exited.IsCompleted && (Status.State, Status.Healthy) != (State.Running, healthy))
            {
                Change(now => now with { State = State.Running, Healthy = healthy });
            }

            await Task.WhenAny(process.Exited, Task.Delay(!complete ? UntilHealthy : healthy ? WhileHealthy : WhileUnwell, stop));
            stop.ThrowIfCancellationRequested();
        }

        FailedStarts += complete ? 0 : 1;
    }

    /// <summary>A host that was killed leaves its processes ending, not ended; the next one waits for that.</summary>
    private async Task EndLeftoverAsync()
    {
        if (!File.Exists(_processFile))
        {
            return;
        }

        var parts = (await File.ReadAllTextAsync(_processFile)).Split(' ');
        var (id, started) = (int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
        var patience = DateTimeOffset.UtcNow + Workload.Command().StopTimeout;
        while (ProcessTable.IsAlive(id, started))
        {
            if (DateTimeOffset.UtcNow > patience)
            {
                ProcessTable.Send(id, Signal.Kill);
            }

            // Somebody else's child: the kernel tells us of its end by no other way.
            await Task.Delay(UntilHealthy);
        }

        File.Delete(_processFile);
    }

    private void Change(Func<Status, Status> change)
    {
        TaskCompletionSource changed;
        Status status;
        lock (_lock)
        {
            Status = status = change(Status);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
        Changed?.Invoke(this, status);
    }
}
