using System.Runtime.InteropServices;
using MedCor.Hosting.Processes;

namespace MedCor.Hosting.Running;

/// <summary>
/// Somebody wants the host to end: Ctrl+C, a signal, a closed terminal, or the end of <c>dotnet run</c> or a test host that
/// started it. A second Ctrl+C is impatience.
/// </summary>
internal sealed class StopRequest : IDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop;
    private readonly PosixSignalRegistration[] _signals;

    public StopRequest(Action onImpatience, CancellationToken outer)
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(outer);
        void Handle(PosixSignalContext context)
        {
            context.Cancel = true;
            if (_stop.IsCancellationRequested)
            {
                onImpatience();
            }

            _stop.Cancel();
        }

        _signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
        ];
        _ = WatchParentAsync(_stop.Token);
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        Array.ForEach(_signals, signal => signal.Dispose());
        _stop.Cancel();
        _stop.Dispose();
    }

    // A killed `dotnet run` cannot pass its end on. The kernel has no event for it that a process of many threads could
    // trust (see Spawner), so now and then we look. A shell may end without us: it may have meant to leave us running.
    private async Task WatchParentAsync(CancellationToken ct)
    {
        var parent = ProcessTable.Parent();
        if (!ProcessTable.NameOf(parent).StartsWith("dotnet", StringComparison.Ordinal))
        {
            return;
        }

        using var timer = new PeriodicTimer(Glance);
        while (ProcessTable.Parent() == parent)
        {
            await timer.WaitForNextTickAsync(ct);
        }

        await _stop.CancelAsync();
    }
}
