using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MedCor.ServiceDefaults;

/// <summary>
/// Runs an operation periodically for as long as the process runs. A failure ends neither the operation nor the process; the operation is retried a period
/// later. Of several consecutive failures only the first is logged as a warning.
/// </summary>
/// <param name="period">The time from one run to the next.</param>
/// <param name="runsAtStart">Whether the first run starts immediately instead of after the first period.</param>
public abstract partial class PeriodicService(TimeSpan period, TimeProvider clock, ILogger log, bool runsAtStart = false) : BackgroundService
{
    private bool _hasFailed;

    /// <summary>Runs the operation once.</summary>
    protected abstract Task RunOnceAsync(CancellationToken ct);

    protected sealed override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(period, clock);
        var isDue = runsAtStart;
        do
        {
            if (isDue) await TryRunOnceAsync(ct);
            isDue = true;
        } while (await timer.WaitForNextTickAsync(ct));
    }

    private async Task TryRunOnceAsync(CancellationToken ct)
    {
        try
        {
            await RunOnceAsync(ct);
            if (_hasFailed) LogRecovery(log, GetType().Name);
            _hasFailed = false;
        }
        catch (Exception e) when (!ct.IsCancellationRequested) // any exception: an unhandled one would end the process
        {
            LogFailure(log, _hasFailed ? LogLevel.Debug : LogLevel.Warning, GetType().Name, period, e.GetBaseException().GetType().Name);
            _hasFailed = true;
        }
    }

    [LoggerMessage(EventId = 1000, Message = "{Operation} failed and is retried every {Period}: {Kind}")]
    private static partial void LogFailure(ILogger log, LogLevel level, string operation, TimeSpan period, string kind);

    [LoggerMessage(1001, LogLevel.Information, "{Operation} works again")]
    private static partial void LogRecovery(ILogger log, string operation);
}
