using System.Threading.Channels;
using MedCor.ServiceDefaults.Errors;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Collects the events that projections apply, and applies each batch in one transaction with its inbox. An event whose batch fails is applied alone, so that
/// one that cannot be handled keeps no other from being handled. The broker redelivers what a process that ended did not acknowledge; the inbox discards what
/// was committed.
/// </summary>
internal sealed class EventBatcher(NpgsqlDataSource database, TimeProvider clock) : BackgroundService
{
    /// <summary>The number of events that may wait or be applied at the same time: a batch arrives while another is applied.</summary>
    internal const int MaxPending = 2 * BatchSize;

    private const int BatchSize = 256;

    /// <summary>The time for which a batch waits for further events. At a hundred events a second, ten share a transaction.</summary>
    private static readonly TimeSpan CollectTime = TimeSpan.FromMilliseconds(100);

    private readonly Channel<PendingEvent> _pending = Channel.CreateBounded<PendingEvent>(new BoundedChannelOptions(MaxPending) { SingleReader = true });

    /// <summary>Applies an event with others; completes once it is committed.</summary>
    internal async Task ApplyAsync(PendingEvent pending, CancellationToken ct)
    {
        await _pending.Writer.WriteAsync(pending, ct);
        await pending.Applied;
    }

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        while (await _pending.Reader.WaitToReadAsync(ct)) await ApplyAsync(await CollectAsync(ct), ct);
    }

    private async Task<IReadOnlyList<PendingEvent>> CollectAsync(CancellationToken ct)
    {
        var batch = new List<PendingEvent>();
        using var timeout = new CancellationTokenSource(CollectTime, clock);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            while (batch.Count < BatchSize) batch.Add(await _pending.Reader.ReadAsync(end.Token));
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // The batch has as many events as arrived in time.
        }
        return batch;
    }

    private async Task ApplyAsync(IReadOnlyList<PendingEvent> batch, CancellationToken ct)
    {
        try
        {
            await CommitAsync(batch, ct);
            foreach (var pending in batch) pending.Complete();
        }
        catch (Exception e) when (batch.Count == 1 || DependencyFailure.IsCauseOf(e))
        {
            // The bus retries each of them, or moves it to the error queue.
            foreach (var pending in batch) pending.Fail(e);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            foreach (var pending in batch) await ApplyAsync([pending], ct);
        }
    }

    private async Task CommitAsync(IReadOnlyList<PendingEvent> batch, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var isNew = await AddToInboxAsync(transaction, batch, ct);

        // Of an event that is twice in the batch, the first is taken. The projections always follow each other in the same order, as do the tables that a
        // rebuild empties.
        var statements = batch.Where(pending => isNew.Remove(pending.Event.EventId))
            .GroupBy(pending => (pending.Projection, Type: pending.Event.GetType(), Hospital: pending.Event.HospitalId?.ToString() ?? "*"))
            .OrderBy(events => events.Key.Projection.Name, StringComparer.Ordinal)
            .Select(events => (events.Key.Hospital, Statement: events.First().Apply(events.Select(pending => pending.Event))))
            .ToArray();
        if (statements.Length == 0) return;

        // The locks of all hospitals are taken in the same order, before a row is changed, so that the batches of several replicas cannot deadlock.
        await using var commands = new NpgsqlBatch(connection, transaction);
        commands.BatchCommands.Add(new("SELECT pg_advisory_xact_lock(hashtextextended(hospital, 0)) FROM unnest($1) AS hospital")
        {
            Parameters = { new() { Value = statements.Select(s => s.Hospital).Distinct().Order(StringComparer.Ordinal).ToArray() } },
        });
        foreach (var (hospital, statement) in statements)
        {
            commands.BatchCommands.Add(new("SELECT set_config('medcor.hospital', $1, true)") { Parameters = { new() { Value = hospital } } });
            commands.BatchCommands.Add(statement);
        }
        await commands.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Returns the IDs of the events that were not handled before.</summary>
    private static async Task<HashSet<Guid>> AddToInboxAsync(NpgsqlTransaction transaction, IEnumerable<PendingEvent> batch, CancellationToken ct)
    {
        await using var add = new NpgsqlCommand(
            "INSERT INTO inbox (event_id) SELECT id FROM unnest($1) AS id ORDER BY id ON CONFLICT DO NOTHING RETURNING event_id", transaction.Connection,
            transaction)
        {
            Parameters = { new() { Value = batch.Select(pending => pending.Event.EventId).ToArray() } },
        };
        await using var reader = await add.ExecuteReaderAsync(ct);
        var added = new HashSet<Guid>();
        while (await reader.ReadAsync(ct)) added.Add(reader.GetGuid(0));
        return added;
    }
}
