using MedCor.Contracts;
using MedCor.ServiceDefaults.Messaging;
using MedCor.ServiceDefaults.Servers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Delays the outbox until every service has its queue. A broker drops messages that no queue is bound to, so on the very first start the slower services would
/// lose the events of the fastest one.
/// </summary>
internal sealed partial class QueueReadiness(IConfiguration configuration, ServerLogin login, TransportSecurity security, TimeProvider clock,
    ILogger<QueueReadiness> log)
{
    /// <summary>Completes once every queue exists.</summary>
    internal async Task WaitUntilReadyAsync(CancellationToken ct)
    {
        var missing = new Queue<string>(ServiceCatalogue.Queues);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250), clock);
        while (missing.Count > 0)
        {
            try
            {
                await using var connection = await Bus.ConnectAsync(configuration, login, security, ct);
                while (missing.TryPeek(out var queue))
                {
                    await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
                    try
                    {
                        await channel.QueueDeclarePassiveAsync(queue, ct);
                        missing.Dequeue();
                    }
                    catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == 404)
                    {
                        await timer.WaitForNextTickAsync(ct);
                    }
                }
            }
            catch (Exception e) when (!ct.IsCancellationRequested) // any exception: an unhandled one would end the process
            {
                LogBrokerUnavailable(log, e.GetType().Name);
                await timer.WaitForNextTickAsync(ct);
            }
        }
    }

    [LoggerMessage(1110, LogLevel.Debug, "The broker is unavailable; its queues are looked up again: {Kind}")]
    private static partial void LogBrokerUnavailable(ILogger log, string kind);
}
