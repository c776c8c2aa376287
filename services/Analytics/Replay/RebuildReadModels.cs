using MedCor.Contracts;
using MedCor.Platform;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Messaging;
using MedCor.Platform.OperatorCommands;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace MedCor.Analytics.Replay;

/// <summary>
/// Empties the read models and requests a full replay from the owning services. The service must be running, since it consumes the replayed events. New events
/// are handled as usual meanwhile; of two events about the same entity the higher version is kept. If the command is interrupted, the replay continues and the
/// statistics still become complete. Requires the login of the tables' owner, as a migration does: the serving role may not empty them.
/// </summary>
internal sealed class RebuildReadModels(AnalyticsDb db, IConfiguration configuration, TimeProvider clock) : IOperatorCommand
{
    private static readonly string[] SourceServices = [.. ServiceCatalogue.All.Where(s => s.CanReplay).Select(s => s.Name)];
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The time without progress after which the command fails. Owning services replay page by page, so events arrive continuously.</summary>
    private static readonly TimeSpan StallTimeout = TimeSpan.FromMinutes(3);

    private static readonly string[] HandledEvents =
    [
        .. from type in typeof(RebuildReadModels).Assembly.GetTypes().Append(typeof(HospitalCopies))
           from handler in type.GetInterfaces()
           where handler.IsGenericType && (handler.GetGenericTypeDefinition() == typeof(IEventHandler<>)
               || handler.GetGenericTypeDefinition() == typeof(IProjection<>))
           select handler.GetGenericArguments()[0].Name,
    ];

    public string Name => "rebuild";

    public async Task<int> RunAsync(string[] arguments, CancellationToken ct)
    {
        var history = Guid.CreateVersion7();
        db.Tenancy.Enter(hospital: null);
        db.Database.SetDbConnection(new NpgsqlConnection(configuration.GetOwnerConnectionString()), contextOwnsConnection: true);
        await using (var transaction = await db.Database.BeginTransactionAsync(ct))
        {
            // A single statement, which waits for current users of the tables, so that no reader sees only some of them empty. Event handlers and queries
            // access the tables in the same order.
            await db.Database.ExecuteSqlAsync(
                $"""
                TRUNCATE invoices, visits, months, doctor_days, hospital_days, patient_months, people, head_counts, practices, schedule_versions, specialties,
                    hospital_periods
                """, ct);
            db.Raise(() => new HistoryWanted(history, "analytics", SourceServices, HandledEvents));
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }
        Console.WriteLine($"The read models are empty; {string.Join(", ", SourceServices)} are replaying their data.");
        return await WaitForReplayAsync(history, ct) ? 0 : 1;
    }

    private async Task<bool> WaitForReplayAsync(Guid history, CancellationToken ct)
    {
        var handledCounts = SourceServices.ToDictionary(o => o, _ => -1L);
        var done = new HashSet<string>();
        var lastProgressAt = clock.GetUtcNow();
        using var timer = new PeriodicTimer(PollInterval, clock);
        try
        {
            while (done.Count < SourceServices.Length)
            {
                await timer.WaitForNextTickAsync(ct);
                foreach (var owner in SourceServices.Where(o => !done.Contains(o)))
                {
                    var (first, last) = (ReplayEventId.Create(history, owner, 1), ReplayEventId.Create(history, owner, (1L << 48) - 1));
                    var handled = await db.Database.SqlQuery<long>($"SELECT count(*) AS \"Value\" FROM inbox WHERE event_id BETWEEN {first} AND {last}")
                        .SingleAsync(ct);
                    var published = await db.Database.SqlQuery<long>(
                        $"SELECT coalesce(max(events), -1) AS \"Value\" FROM histories WHERE history_id = {history} AND service = {owner}").SingleAsync(ct);
                    if (handled != handledCounts[owner]) lastProgressAt = clock.GetUtcNow();
                    handledCounts[owner] = handled;
                    if (published != handled) continue;
                    done.Add(owner);
                    lastProgressAt = clock.GetUtcNow();
                    Console.WriteLine($"{owner}: all {handled} events have been handled.");
                }
                if (clock.GetUtcNow() - lastProgressAt <= StallTimeout) continue;
                await Console.Error.WriteLineAsync(
                    $"No event has arrived for {StallTimeout.TotalMinutes:0} minutes, and "
                        + $"{string.Join(", ", SourceServices.Except(done))} are not complete. Check that all services are running.");
                return false;
            }
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Interrupted; the figures become complete without this command as well. Running it again is harmless.");
            return false;
        }
        Console.WriteLine("All figures are in.");
        return true;
    }
}
