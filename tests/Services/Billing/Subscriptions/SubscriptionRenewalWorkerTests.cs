using Npgsql;

namespace MedCor.Tests.Services.Billing.Subscriptions;

/// <summary>Tests the renewal workers of both replicas on subscriptions that are stored as if no worker had run for months.</summary>
[Collection(nameof(CrashCollection))]
public class SubscriptionRenewalWorkerTests
{
    private const int Hospitals = 60;
    private const int Missed = 4;

    [Fact]
    public async Task Each_missed_period_is_invoiced_once_despite_replicas_and_crashes()
    {
        var system = await MedCorFixture.Get();
        var hospitals = Enumerable.Range(0, Hospitals).Select(_ => Guid.CreateVersion7()).ToArray();
        await Forgotten(system, hospitals);

        await Wait.Until(async () => await Invoices(system, hospitals) >= Hospitals, "renewals have begun");
        var killed = system.Kill("billing-1");

        await Wait.Until(async () =>
            await system.QueryNumber("billing", "SELECT count(*) FROM subscriptions WHERE hospital_id = ANY($1) AND due_on <= current_date", hospitals) == 0,
            "all have caught up", TimeSpan.FromSeconds(60));
        Assert.Equal(Hospitals * Missed, await Invoices(system, hospitals));
        Assert.Equal(Hospitals * Missed,
            await system.QueryNumber("billing", "SELECT count(DISTINCT (subscription_id, period_start)) FROM invoices WHERE hospital_id = ANY($1)", hospitals));
        Assert.Equal(Hospitals, await system.QueryNumber("billing",
            "SELECT count(*) FROM (SELECT FROM invoices WHERE hospital_id = ANY($1) GROUP BY hospital_id HAVING min(number) = 1 AND max(number) = count(*)) AS "
            + "gapless",
            hospitals));
        await Wait.Until(
            async () => await system.QueryNumber("analytics", "SELECT count(*) FROM invoices WHERE hospital_id = ANY($1)", hospitals) == Hospitals * Missed,
            "Analytics has heard of each", TimeSpan.FromSeconds(60));
        await system.WaitUntilRecovered("billing-1", killed);
    }

    [Fact]
    public async Task A_subscription_that_is_not_renewed_ends_on_its_due_date_without_an_invoice()
    {
        var system = await MedCorFixture.Get();
        var (cancelled, expired, closed) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await Forgotten(system, [cancelled], cancelAtPeriodEnd: true);
        await Forgotten(system, [expired], autoRenew: false);
        await Forgotten(system, [closed], isActive: false);

        foreach (var (hospital, status) in new[] { (cancelled, "CANCELLED"), (expired, "EXPIRED"), (closed, "EXPIRED") })
            await Wait.Until(async () => await system.QueryNumber("billing",
                "SELECT count(*) FROM subscriptions WHERE hospital_id = $1 AND status = $2 AND ended_on = due_on", hospital, status) == 1, $"it is {status}");
        Assert.Equal(0, await Invoices(system, [cancelled, expired, closed]));
    }

    private static Task<long> Invoices(MedCorFixture system, Guid[] hospitals) =>
        system.QueryNumber("billing", "SELECT count(*) FROM invoices WHERE hospital_id = ANY($1)", hospitals);

    /// <summary>Creates monthly subscriptions that began four months ago and of which only the first period was charged.</summary>
    private static async Task Forgotten(MedCorFixture system, Guid[] hospitals, bool autoRenew = true, bool cancelAtPeriodEnd = false, bool isActive = true)
    {
        await using var billing = await system.OpenDatabase("billing");
        await using var batch = new NpgsqlBatch(billing)
        {
            BatchCommands =
            {
                new("INSERT INTO known_hospitals SELECT h, 'Forgotten', 'UTC', $2, 1 FROM unnest($1) h")
                {
                    Parameters = { new() { Value = hospitals }, new() { Value = isActive } }
                },
                new("""
                    INSERT INTO subscriptions (hospital_id, id, plan_id, start_date, billing_cycle, status, auto_renew,
                        cancel_at_period_end, periods, due_on, price, currency, version, created_at, updated_at)
                    SELECT h, gen_random_uuid(), '01980000-0000-7000-9000-000000000001', current_date - interval '4 months', 'MONTHLY', 'ACTIVE', $2, $3, 1,
                        (current_date - interval '4 months')::date + interval '1 month', 19900, 'USD', 1, now(), now() FROM unnest($1) h
                    """) { Parameters = { new() { Value = hospitals }, new() { Value = autoRenew }, new() { Value = cancelAtPeriodEnd } } },
            },
        };
        await batch.ExecuteNonQueryAsync();
    }
}
