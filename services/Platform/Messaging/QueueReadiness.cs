using MedCor.ServiceDefaults.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Holds the outbox back until every service has its queue. A broker drops what nobody has asked for yet, so on the very first start
/// the quickest service's events would be lost to the slower ones.
/// </summary>
internal sealed class QueueReadiness(IConfiguration configuration, TimeProvider clock, ILogger<QueueReadiness> log)
{
    private static readonly string[] Queues = ["hospital", "identity", "clinical", "billing", "analytics", "chat", "gateway"];

    /// <summary>Completes once every queue exists.</summary>
    internal async Task WaitUntilReadyAsync(CancellationToken ct)
    {
        var missing = new Queue<string>(Queues);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(250), clock);
        while (missing.Count > 0)
        {
            try
            {
                await using var connection = await new ConnectionFactory { Uri = Bus.GetBrokerAddress(configuration), AutomaticRecoveryEnabled = false }.CreateConnectionAsync(ct);
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
                        await pause.WaitForNextTickAsync(ct);
                    }
                }
            }
            catch (Exception e) when (!ct.IsCancellationRequested) // whatever it is: an exception that leaves here would end the process
            {
                log.LogDebug("The broker is not there yet: {Kind}", e.GetType().Name);
                await pause.WaitForNextTickAsync(ct);
            }
        }
    }
}
