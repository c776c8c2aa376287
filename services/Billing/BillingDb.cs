using MedCor.Billing.Invoices;
using MedCor.Billing.Plans;
using MedCor.Billing.Subscriptions;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing;

internal sealed class BillingDb(DbContextOptions<BillingDb> options, TimeProvider clock, OutboxSignal signal)
    : TenantDb(options, clock, signal)
{
    internal IQueryable<Plan> Plans => Rows<Plan>();
    internal IQueryable<Subscription> Subscriptions => Rows<Subscription>();
    internal IQueryable<Invoice> Invoices => Rows<Invoice>();

    /// <summary>
    /// Returns a subscription and locks its row until the transaction ends. Every transaction locks the subscription before the
    /// hospital's invoice number, so that no two wait for each other.
    /// </summary>
    internal async Task<Subscription?> FindForUpdateAsync(Guid id, CancellationToken ct) =>
        (await Rows<Subscription>($"SELECT * FROM subscriptions WHERE id = {id} FOR UPDATE").ToListAsync(ct)).SingleOrDefault();

    /// <summary>
    /// Returns and locks an active subscription of which a period has ended or is to begin by the local date of its hospital, skipping
    /// those that other replicas have locked; null when there is none.
    /// </summary>
    /// <param name="excluded">The ids of subscriptions to skip.</param>
    internal async Task<Subscription?> FindNextDueForUpdateAsync(DateTimeOffset now, Guid[] excluded, CancellationToken ct)
    {
        // No hospital's local date is later than this, so the index bounds the rows that are read.
        var latest = DateOnly.FromDateTime(now.UtcDateTime).AddDays(1);
        return (await Rows<Subscription>($"""
            SELECT s.* FROM subscriptions s JOIN known_hospitals h USING (hospital_id)
            WHERE s.status = 'ACTIVE' AND s.due_on <= {latest} AND s.due_on <= ({now} AT TIME ZONE h.time_zone)::date AND s.id <> ALL ({excluded})
            ORDER BY s.due_on LIMIT 1 FOR UPDATE OF s SKIP LOCKED
            """).ToListAsync(ct)).SingleOrDefault();
    }
}
