using System.Diagnostics;
using System.Text.Json;
using MedCor.Contracts;
using Npgsql;

namespace MedCor.Platform.Audit;

/// <summary>
/// Writes the accesses of calls that have no transaction of their own. Those that arrive while others are being written are written together: a busy service
/// commits once for many of them, and an access waits for no more than the write before its own.
/// </summary>
internal sealed class AuditWriter(NpgsqlDataSource database, AuditWriteCheck check)
{
    /// <summary>The number of events after which no further access joins a transaction.</summary>
    private const int MaxEvents = 500;

    private static readonly ActivitySource Source = new("MedCor.Audit");

    private readonly Lock _lock = new();
    private readonly Queue<Access> _waiting = new();
    private bool _isWriting;

    /// <summary>Writes the events of one access. Completes when they are committed; throws when they could not be written.</summary>
    public async Task WriteAsync(IReadOnlyCollection<AuditEvent> events, CancellationToken ct)
    {
        using var span = Source.StartActivity("audit write");
        var access = new Access(events);
        if (Enqueue(access))
            // The writes of other accesses belong neither to the trace nor to the cancellation of this one.
            using (ExecutionContext.SuppressFlow()) _ = Task.Run(WriteAllAsync, CancellationToken.None);
        await access.Written.Task.WaitAsync(ct);
    }

    /// <summary>Returns whether the writing must be started.</summary>
    private bool Enqueue(Access access)
    {
        lock (_lock)
        {
            _waiting.Enqueue(access);
            return _isWriting != (_isWriting = true);
        }
    }

    private async Task WriteAllAsync()
    {
        while (TakeBatch() is { Count: > 0 } batch)
        {
            try
            {
                await WriteBatchAsync(batch);
            }
            catch (PostgresException) when (batch.Count > 1)
            {
                // An access that PostgreSQL refuses must not fail others.
                foreach (var access in batch) await WriteAloneAsync(access);
            }
            catch (Exception failure)
            {
                foreach (var access in batch) access.Written.SetException(failure);
            }
        }
    }

    /// <summary>Returns the accesses that are written next; none ends the writing until another access arrives.</summary>
    private List<Access> TakeBatch()
    {
        lock (_lock)
        {
            var batch = new List<Access>();
            for (var events = 0; events < MaxEvents && _waiting.TryDequeue(out var access); events += access.Events.Count) batch.Add(access);
            _isWriting = batch.Count > 0;
            return batch;
        }
    }

    private async Task WriteAloneAsync(Access access)
    {
        try
        {
            await WriteBatchAsync([access]);
        }
        catch (Exception failure)
        {
            access.Written.SetException(failure);
        }
    }

    /// <summary>Writes accesses in one transaction and one round trip. Row-level security allows each event in its own hospital only.</summary>
    private async Task WriteBatchAsync(List<Access> accesses)
    {
        await using var batch = database.CreateBatch();
        foreach (var hospital in accesses.SelectMany(access => access.Events).GroupBy(e => e.HospitalId))
        {
            batch.BatchCommands.Add(
                new("SELECT set_config('medcor.hospital', $1, true)") { Parameters = { new() { Value = hospital.Key.ToString() } } });
            AuditWriteCheck.AddCommands(
                batch, JsonSerializer.Serialize<IEnumerable<AuditEvent>>(hospital, Json.Options), [.. hospital.Select(e => (e.HospitalId, e.Id))]);
        }
        await check.ExecuteAsync(() => batch.ExecuteNonQueryAsync());
        foreach (var access in accesses) access.Written.SetResult();
    }

    private sealed record Access(IReadOnlyCollection<AuditEvent> Events)
    {
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
