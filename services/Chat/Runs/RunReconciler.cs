using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace MedCor.Chat.Runs;

/// <summary>
/// Completes what the replica that executed a run could not: the runs of a replica that is gone end with an error, and an end that is
/// published but not saved yet is saved. Any number of replicas may do so.
/// </summary>
internal sealed partial class RunReconciler(IServiceScopeFactory scopes, ChatStreamStore streams, ChatRunStore store, TimeProvider clock,
    ILogger<RunReconciler> log)
    : PeriodicService(TimeSpan.FromSeconds(5), clock, log)
{
    private const int MaxAtOnce = 200;
    private const int EventBatchSize = 5000;

    /// <summary>The age by which a run has, or had, a worker that renews its lease.</summary>
    private static readonly TimeSpan MinimumAge = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _clock = clock;
    private readonly ILogger _log = log;

    protected override Task RunOnceAsync(CancellationToken ct) => ReconcileAsync(ct);

    internal async Task ReconcileAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ChatDb>();
        db.Tenancy.Enter(hospital: null);
        var createdBefore = _clock.GetUtcNow() - MinimumAge;
        var open = await db.Runs.Where(c => c.State == ChatRunState.Started && c.CreatedAt < createdBefore).OrderBy(c => c.CreatedAt)
            .Select(c => new { c.Id, c.HospitalId }).Take(MaxAtOnce).ToListAsync(ct);
        foreach (var run in open)
            try
            {
                await ReconcileAsync(run.Id, run.HospitalId);
            }
            catch (Exception e) when (e is not (RedisException or TimeoutException)) // one run must not hold up the others
            {
                LogFailure(_log, e.GetType().FullName, e.StackTrace);
            }
    }

    private async Task ReconcileAsync(Guid runId, Guid hospital)
    {
        var state = (await streams.FailIfOrphanedAsync(runId)).State;
        if (state == ChatRunState.Started) return;
        var events = new List<ChatStreamEvent>();
        IReadOnlyList<ChatStreamEvent> more;
        do
        {
            more = await streams.ReadAsync(runId, events.Count == 0 ? 0 : events[^1].Number, EventBatchSize);
            events.AddRange(more);
        } while (more.Count == EventBatchSize);
        var isComplete = state is not null && events.Count > 0 && events[^1].State == state;
        var (ended, ending) = isComplete ? (state!.Value, events[^1].End) : (ChatRunState.Error, ChatRunEnd.Lost);
        try
        {
            await store.SaveIfOpenAsync(runId, hospital, ended, ending, string.Concat(events.Select(e => e.Text)));
        }
        catch (Conflict)
        {
            // The keys of the hospital were destroyed: nothing that was said is stored any more, but that the run has ended is.
            await store.SaveIfOpenAsync(runId, hospital, ended, ending, answer: "");
        }
        await streams.MarkSavedAsync(runId);
    }

    [LoggerMessage(5000, LogLevel.Error, "Reconciling a chat call failed and is retried: {Kind}\n{Stack}")]
    private static partial void LogFailure(ILogger log, string? kind, string? stack);
}
