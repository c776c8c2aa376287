using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using MassTransit;
using MedCor.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Publishes the outbox to the broker in the order in which it was written; the replicas take turns. An event is marked as dispatched only after the broker has
/// confirmed it: a crash in between publishes the event twice, and each consumer's inbox discards the duplicate.
/// </summary>
internal sealed partial class OutboxDispatcher(NpgsqlDataSource database, IBus bus, ServiceInfo service, QueueReadiness queues, OutboxSignal signal,
    TimeProvider clock, ILogger<OutboxDispatcher> log) : BackgroundService
{
    private const int BatchSize = 200;
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(10);
    private static readonly ActivitySource Source = new("MedCor.Outbox");

    private static readonly Dictionary<string, Type> EventTypes = typeof(IntegrationEvent).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(IntegrationEvent))).ToDictionary(t => t.FullName!);

    private static readonly string[] EventTypeNames = [.. EventTypes.Keys];

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        await queues.WaitUntilReadyAsync(ct);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                while (await DispatchBatchAsync(ct)) { }
                await signal.WaitAsync(PollInterval, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                LogDispatchFailed(log, e.GetType().Name);
                await signal.WaitAsync(PollInterval, ct);
            }
        }
    }

    /// <summary>
    /// Publishes one batch of the events for all services and one of the events for a single service, however many of the latter are waiting; returns whether
    /// more may be waiting.
    /// </summary>
    private async Task<bool> DispatchBatchAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var waiting = new List<PendingMessage>();
        await using (var take = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                // The lock ends with its process or, if the end of the process goes unnoticed, with the timeout. The next statements see whatever was committed
                // while this one waited.
                new("SELECT set_config('medcor.hospital', '*', true), set_config('idle_in_transaction_session_timeout', '30s', true), "
                    + "pg_advisory_xact_lock(hashtext('outbox'))"),
                // An event of a type that this build does not know waits for a build that does, and blocks no other event.
                new("SELECT position, event_id, type, body, traceparent, addressee FROM outbox WHERE dispatched_at IS NULL AND addressee IS NULL AND type = "
                    + "ANY($2) ORDER BY position LIMIT $1 FOR UPDATE")
                {
                    Parameters = { new() { Value = BatchSize }, new() { Value = EventTypeNames } },
                },
                new("SELECT position, event_id, type, body, traceparent, addressee FROM outbox WHERE dispatched_at IS NULL AND addressee IS NOT NULL AND type "
                    + "= ANY($2) ORDER BY position LIMIT $1 FOR UPDATE")
                {
                    Parameters = { new() { Value = BatchSize }, new() { Value = EventTypeNames } },
                },
            },
        })
        await using (var reader = await take.ExecuteReaderAsync(ct))
        {
            while (await reader.NextResultAsync(ct))
                while (await reader.ReadAsync(ct))
                    waiting.Add(new(
                        reader.GetInt64(0), reader.GetGuid(1), EventTypes[reader.GetString(2)], JsonElement.Parse(reader.GetString(3)),
                        Traceparent: reader.IsDBNull(4) ? null : reader.GetString(4), Addressee: reader.IsDBNull(5) ? null : reader.GetString(5)));
        }
        if (waiting.Count == 0) return false;

        var confirmed = await PublishAsync(waiting, ct);
        await using var update = new NpgsqlCommand("UPDATE outbox SET dispatched_at = $1 WHERE position = ANY($2)", connection, transaction)
        {
            Parameters = { new() { Value = clock.GetUtcNow() }, new() { Value = confirmed } },
        };
        await update.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return confirmed.Count == waiting.Count && waiting.Count >= BatchSize;
    }

    /// <summary>Returns the positions that the broker has confirmed within the time that a transaction may stay open; throws when it confirmed none.</summary>
    private async Task<List<long>> PublishAsync(List<PendingMessage> waiting, CancellationToken ct)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(PublishTimeout);
        var sent = new List<(long Position, Task Confirmed)>(waiting.Count);
        Exception? failure = null;
        try
        {
            foreach (var message in waiting.Where(w => w.Addressee is null))
            {
                // What follows another event waits until the broker has that one. Events that follow none are sent one after the other, and only the loss of
                // the broker can change their order.
                if (!message.IsFirst) await AwaitAllAsync();
                sent.Add((message.Position, PublishAsync(message, timeout.Token)));
                if (!message.IsFirst || sent[^1].Confirmed.IsFaulted) await AwaitAllAsync();
            }
            // Events that one service requested have no order to keep.
            sent.AddRange(waiting.Where(w => w.Addressee is not null).Select(w => (w.Position, PublishAsync(w, timeout.Token))));
            await AwaitAllAsync();
        }
        catch (Exception e)
        {
            failure = e;
        }
        List<long> confirmed = [.. sent.Where(s => s.Confirmed.IsCompletedSuccessfully).Select(s => s.Position)];
        if (failure is not null && confirmed.Count == 0) ExceptionDispatchInfo.Throw(failure);
        if (failure is not null) LogDispatchedInPart(log, confirmed.Count, waiting.Count, failure.GetType().Name);
        return confirmed;

        Task AwaitAllAsync() => Task.WhenAll(sent.Select(s => s.Confirmed));
    }

    /// <summary>Publishes an event within the trace of the request that caused it, so that one booking is one trace up to the last consumer.</summary>
    private async Task PublishAsync(PendingMessage message, CancellationToken ct)
    {
        using var activity = message.Traceparent is not null && ActivityContext.TryParse(message.Traceparent, null, out var parent)
            ? Source.StartActivity("outbox dispatch", ActivityKind.Internal, parent)
            : null;
        // MassTransit routes and correlates by the type and the ID of this object, and reads nothing else of it: the body is the stored one.
        var integrationEvent = (IntegrationEvent)RuntimeHelpers.GetUninitializedObject(message.Type) with { EventId = message.EventId };
        var send = Pipe.Execute<SendContext>(context =>
        {
            context.MessageId = message.EventId;
            context.Serializer = new StoredBodySerializer(message.Body);
            // The addressee may not have bound its queue to the exchange yet. The broker then returns the event, which stays in the outbox.
            if (message.Addressee is not null && context.TryGetPayload(out RabbitMqSendContext? rabbit)) rabbit.Mandatory = true;
        });
        if (message.Addressee is null) await bus.Publish(integrationEvent, message.Type, send, ct);
        else
        {
            var endpoint = await bus.GetSendEndpoint(new($"exchange:{BrokerAccess.GetExchange(service.Name, message.Addressee)}"));
            await endpoint.Send(integrationEvent, message.Type, send, ct);
        }
    }

    private sealed record PendingMessage(long Position, Guid EventId, Type Type, JsonElement Body, string? Traceparent, string? Addressee)
    {
        /// <summary>Gets whether the event is the first about its aggregate.</summary>
        public bool IsFirst => Body.TryGetProperty("version", out var version) && version.TryGetInt64(out var number) && number == 1;
    }

    [LoggerMessage(1100, LogLevel.Warning, "Outbox dispatch failed; the events stay queued: {Kind}")]
    private static partial void LogDispatchFailed(ILogger log, string kind);

    [LoggerMessage(1101, LogLevel.Warning, "Outbox dispatch published {Confirmed} of {Waiting} events; the others stay queued: {Kind}")]
    private static partial void LogDispatchedInPart(ILogger log, int confirmed, int waiting, string kind);
}
