using MedCor.Platform.LocalCopies;

namespace MedCor.Billing.Subscriptions;

/// <summary>
/// Charges each period on its first day, or ends the subscription then, and catches up after any downtime. Any number of replicas share the work: a
/// subscription stays locked from the query that finds it due until it is charged, and the database accepts one invoice per period.
/// </summary>
internal sealed partial class SubscriptionRenewalWorker(IServiceScopeFactory scopes, TimeProvider clock, ILogger<SubscriptionRenewalWorker> log)
    : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(PollInterval, clock);
        var failed = new List<Guid>();
        while (await timer.WaitForNextTickAsync(ct))
        {
            failed.Clear();
            while (await RenewNextAsync(failed, ct)) { }
        }
    }

    /// <summary>Renews one due subscription. Returns whether another may be due.</summary>
    /// <param name="failed">Receives the id of a subscription whose renewal failed, so that it holds up no other.</param>
    private async Task<bool> RenewNextAsync(List<Guid> failed, CancellationToken ct)
    {
        Subscription? due = null;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<BillingDb>();
            db.Tenancy.Enter(hospital: null);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            due = await db.FindNextDueForUpdateAsync(clock.GetUtcNow(), [.. failed], ct);
            if (due is null) return false;

            var hospital = (await scope.ServiceProvider.GetRequiredService<HospitalCopies>().FindAsync(due.HospitalId, ct))!;
            await scope.ServiceProvider.GetRequiredService<Ledger>().ChargeDuePeriodsAsync(due, hospital, hospital.Today(clock.GetUtcNow()), ct);
            db.Raise(due.ToEvent);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested) // any failure: an exception that escapes would end the process
        {
            LogRenewalFailed(log, e.GetType().Name);
            if (due is null) return false;
            failed.Add(due.Id);
        }
        return true;
    }

    [LoggerMessage(3000, LogLevel.Warning, "Renewing a subscription failed and is retried: {Kind}")]
    private static partial void LogRenewalFailed(ILogger log, string kind);
}
