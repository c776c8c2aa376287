using System.Runtime.InteropServices;

namespace MedCor.AppHost.Processes;

/// <summary>
/// Requests the host to stop on Ctrl+C, on a signal, when the terminal closes, or when the <c>dotnet run</c> or test host that started the host exits. On a
/// second signal the host exits at once, and the orchestrator cleans up.
/// </summary>
internal sealed class ShutdownSignal : IDisposable
{
    private const int Interrupted = 130;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    public ShutdownSignal()
    {
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(
            signal => PosixSignalRegistration.Create(signal, OnSignal))];
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

    // A killed `dotnet run` cannot notify this process, and the kernel has no parent-exit event that works reliably in a multi-threaded process, so the
    // parent is polled. A shell may exit without stopping the host: it may have intended to leave the host running.
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
            // The host stops for another reason.
        }
    }
}
