using System.Runtime.InteropServices;

namespace MedCor.AppHost.Processes;

/// <summary>
/// Requests that the host stops upon Ctrl+C, a signal, a closed terminal, or the end of the <c>dotnet run</c> or test host that
/// started it. Upon a second Ctrl+C it ends at once, and the orchestrator cleans up behind it.
/// </summary>
internal sealed class ShutdownSignal : IDisposable
{
    private const int Interrupted = 130;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    public ShutdownSignal()
    {
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];
        _ = WatchParentAsync(_stop.Token);
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        Array.ForEach(_signals, signal => signal.Dispose());
        _stop.Cancel();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_stop.IsCancellationRequested) Environment.Exit(Interrupted);
        _stop.Cancel();
    }

    // A killed `dotnet run` cannot pass its end on, and the kernel has no event for it that a process of many threads could
    // trust, so now and then we look. A shell may end without us: it may have meant to leave us running.
    private async Task WatchParentAsync(CancellationToken ct)
    {
        var parent = ProcessTable.GetParent();
        if (!ProcessTable.GetName(parent).StartsWith("dotnet", StringComparison.Ordinal)) return;
        using var timer = new PeriodicTimer(PollInterval);
        try
        {
            while (ProcessTable.GetParent() == parent) await timer.WaitForNextTickAsync(ct);
            await _stop.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // It ends for another reason.
        }
    }
}
