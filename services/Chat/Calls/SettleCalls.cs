using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;
using Microsoft.EntityFrameworkCore;
using StackExchange.Redis;

namespace MedCor.Chat.Calls;

/// <summary>
/// Settles what the replica that carried a call out could not: the calls of one that is gone end with an error, and an ending that is told and not yet kept is kept.
/// Any number of replicas may.
/// </summary>
internal sealed class SettleCalls(IServiceScopeFactory scopes, CallStreams streams, CallRecord record, TimeProvider clock, ILogger<SettleCalls> log) : BackgroundService
{
    private const int MostAtOnce = 200;
    private const int EventsAtOnce = 5000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    /// <summary>By then a call has a runner that says that it lives, or had one.</summary>
    private static readonly TimeSpan Youngest = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            try
            {
                await Settle(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) // whatever it is: an exception that leaves here would end the process
            {
                log.LogWarning("Chat calls are settled later: {Kind}", e.GetType().Name);
            }
    }

    internal async Task Settle(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ChatDb>();
        db.Tenancy.Enter(hospital: null);
        var before = clock.GetUtcNow() - Youngest;
        var open = await db.Calls.Where(c => c.State == CallState.Started && c.CreatedAt < before).OrderBy(c => c.CreatedAt)
            .Select(c => new { c.Id, c.HospitalId }).Take(MostAtOnce).ToListAsync(ct);
        foreach (var call in open)
            try
            {
                await Settle(call.Id, call.HospitalId);
            }
            catch (Exception e) when (e is not (RedisException or TimeoutException)) // one call is not to hold up the others
            {
                log.LogError("A chat call cannot be settled: {Kind}\n{Stack}", e.GetType().FullName, e.StackTrace);
            }
    }

    private async Task Settle(Guid call, Guid hospital)
    {
        var state = (await streams.Bury(call)).State;
        if (state == CallState.Started) return;
        var events = new List<CallEvent>();
        IReadOnlyList<CallEvent> more;
        do
        {
            more = await streams.Read(call, events.Count == 0 ? 0 : events[^1].Number, EventsAtOnce);
            events.AddRange(more);
        } while (more.Count == EventsAtOnce);
        var isWhole = state is not null && events.Count > 0 && events[^1].State == state;
        await record.Settle(call, hospital, isWhole ? state!.Value : CallState.Error, isWhole ? events[^1].Ending : CallEnding.Lost, string.Concat(events.Select(e => e.Text)));
        await streams.Kept(call);
    }
}
