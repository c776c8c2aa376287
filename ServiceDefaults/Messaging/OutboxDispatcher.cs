using System.Diagnostics;
using System.Text.Json;
using MassTransit;
using MedCor.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MedCor.ServiceDefaults.Messaging;

/// <summary>
/// Hands the outbox to the broker, each batch in the order in which it was written. An event is marked as told only after the broker has confirmed it: a crash between the two
/// tells it twice, and the inbox of each hearer makes that once. Any number of replicas share the work.
/// </summary>
internal sealed class OutboxDispatcher(NpgsqlDataSource database, IBus bus, Hearers hearers, OutboxSignal signal, TimeProvider clock, ILogger<OutboxDispatcher> log) : BackgroundService
{
    private const int Batch = 200;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly ActivitySource Source = new("MedCor.Outbox");

    private static readonly Dictionary<string, Type> Types = typeof(IntegrationEvent).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(IntegrationEvent))).ToDictionary(t => t.FullName!);

    private static readonly string[] KnownTypes = [.. Types.Keys];

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        await hearers.Ready(ct);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                while (await DispatchBatch(ct) == Batch) { }
                await signal.Wait(Poll, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                log.LogWarning("The outbox could not be handed over and is kept: {Kind}", e.GetType().Name);
                await signal.Wait(Poll, ct);
            }
        }
    }

    private async Task<int> DispatchBatch(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var waiting = new List<(long Position, IntegrationEvent Event, string? Traceparent)>();
        await using (var take = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                new("SELECT set_config('medcor.hospital', '*', true)"),
                new("SELECT position, type, body, traceparent FROM outbox WHERE dispatched_at IS NULL AND type = ANY($2) ORDER BY position LIMIT $1 FOR UPDATE SKIP LOCKED")
                {
                    // A type that this build does not know waits for one that does, and holds up nothing.
                    Parameters = { new() { Value = Batch }, new() { Value = KnownTypes } },
                },
            },
        })
        await using (var reader = await take.ExecuteReaderAsync(ct))
        {
            await reader.NextResultAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                var type = Types[reader.GetString(1)];
                waiting.Add((reader.GetInt64(0), (IntegrationEvent)JsonSerializer.Deserialize(reader.GetString(2), type, Json.Options)!, reader.IsDBNull(3) ? null : reader.GetString(3)));
            }
        }
        if (waiting.Count == 0) return 0;

        var confirmed = await Publish(waiting, ct);
        await using var told = new NpgsqlCommand("UPDATE outbox SET dispatched_at = $1 WHERE position = ANY($2)", connection, transaction)
        {
            Parameters = { new() { Value = clock.GetUtcNow() }, new() { Value = confirmed } },
        };
        await told.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return confirmed.Count;
    }

    /// <summary>The positions that the broker has confirmed within the time that a transaction may be kept open; throws when it confirmed none.</summary>
    private async Task<List<long>> Publish(List<(long Position, IntegrationEvent Event, string? Traceparent)> waiting, CancellationToken ct)
    {
        var confirmed = new List<long>(waiting.Count);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            foreach (var (position, happened, traceparent) in waiting)
            {
                await Publish(happened, traceparent, patience.Token);
                confirmed.Add(position);
            }
        }
        catch (Exception e) when (confirmed.Count > 0)
        {
            log.LogWarning("{Confirmed} of {Waiting} events were handed over, the others are kept: {Kind}", confirmed.Count, waiting.Count, e.GetType().Name);
        }
        return confirmed;
    }

    /// <summary>Publishes within the trace of the request that caused the event, so that one booking is one trace to the last consumer.</summary>
    private async Task Publish(IntegrationEvent happened, string? traceparent, CancellationToken ct)
    {
        using var activity = traceparent is not null && ActivityContext.TryParse(traceparent, null, out var parent)
            ? Source.StartActivity("outbox dispatch", ActivityKind.Internal, parent)
            : null;
        await bus.Publish(happened, happened.GetType(), context => context.MessageId = happened.EventId, ct);
    }
}
