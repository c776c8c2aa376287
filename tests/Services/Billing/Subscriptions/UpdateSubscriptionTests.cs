using MedCor.Contracts.Billing;

namespace MedCor.Tests.Services.Billing.Subscriptions;

public class UpdateSubscriptionTests
{
    [Fact]
    public async Task Another_plan_credits_the_days_that_are_left_and_charges_them_anew()
    {
        var hospital = await SubscriptionFixture.Open();
        var start = hospital.Today.AddDays(-10);
        var made = await hospital.Subscribe(start: start);
        var days = start.AddMonths(1).DayNumber - start.DayNumber;

        var changed = await hospital.Platform.Call<Subscription>("update_subscription",
            new { subscription_id = made.Id, plan_id = SubscriptionFixture.Enterprise, auto_renew = true, expected_version = 1 });

        Assert.Equal((Guid.Parse(SubscriptionFixture.Enterprise), "1499.00", 2), (changed.PlanId, changed.Price, changed.Version));
        Assert.Equal(made.CurrentPeriodEnd, changed.CurrentPeriodEnd);
        var invoices = await hospital.ListInvoices();
        Assert.Equal(2, invoices.Length);
        var lines = invoices[1].Lines;
        Assert.Equal([InvoiceLineKind.Credit, InvoiceLineKind.Proration], lines.Select(l => l.Kind));
        Assert.All(lines, l => Assert.Equal((hospital.Today, start.AddMonths(1)), (l.PeriodStart, l.PeriodEnd)));
        Assert.Equal(-(199.00m - Cents(199.00m * 10 / days)), SubscriptionFixture.ParseAmount(lines[0].Amount));
        Assert.Equal(1499.00m - Cents(1499.00m * 10 / days), SubscriptionFixture.ParseAmount(lines[1].Amount));
        Assert.Equal(lines.Sum(l => SubscriptionFixture.ParseAmount(l.Amount)), SubscriptionFixture.ParseAmount(invoices[1].Total));
        Assert.Equal((InvoiceType.Invoice, invoices[0].Id), (invoices[1].Type, invoices[1].CorrectsInvoiceId));
    }

    [Fact]
    public async Task A_cheaper_plan_ends_in_a_credit_note_and_changing_back_in_nothing_lost()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe(SubscriptionFixture.Enterprise, hospital.Today.AddDays(-17), "ANNUAL");

        await hospital.Platform.Call("update_subscription", new { subscription_id = made.Id, plan_id = SubscriptionFixture.Basic });
        await hospital.Platform.Call("update_subscription", new { subscription_id = made.Id, plan_id = SubscriptionFixture.Enterprise });

        var invoices = await hospital.ListInvoices();
        Assert.Equal([InvoiceType.Invoice, InvoiceType.CreditNote, InvoiceType.Invoice], invoices.Select(i => i.Type));
        Assert.Equal(16188.00m, invoices.Sum(i => SubscriptionFixture.ParseAmount(i.Total)));
        Assert.Equal(invoices[1].Id, invoices[2].CorrectsInvoiceId);
    }

    [Fact]
    public async Task The_same_plan_again_and_one_before_the_start_cost_nothing()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe(start: hospital.Today.AddDays(5));

        var changed = await hospital.Platform.Call<Subscription>("update_subscription",
            new { subscription_id = made.Id, plan_id = SubscriptionFixture.Professional });
        var same = await hospital.Platform.Call<Subscription>("update_subscription",
            new { subscription_id = made.Id, plan_id = SubscriptionFixture.Professional });

        Assert.Equal(("499.00", "499.00"), (changed.Price, same.Price));
        Assert.Empty(await hospital.ListInvoices());
    }

    [Fact]
    public async Task A_change_that_changes_nothing_is_not_published()
    {
        var (system, hospital) = (await MedCorFixture.Get(), await SubscriptionFixture.Open());
        var id = (await hospital.Subscribe()).Id;

        await hospital.Platform.Call("update_subscription", new { subscription_id = id });
        await hospital.Platform.Call("update_subscription", new { subscription_id = id, plan_id = SubscriptionFixture.Basic, auto_renew = true });

        Assert.Equal(0, await Published());
        var ending = await hospital.Platform.Call<Subscription>("cancel_subscription", new { subscription_id = id, reason = "Closing" });
        Assert.Equal(1, await Published());
        var again = await hospital.Platform.Call<Subscription>("cancel_subscription", new { subscription_id = id, reason = "Closing" });
        Assert.Equal(ending, again);
        Assert.Equal(1, await Published());

        Task<long> Published() =>
            system.QueryNumber("billing", "SELECT count(*) FROM outbox WHERE type LIKE '%SubscriptionUpdated%' AND position($1::text IN body) > 0", id);
    }

    [Fact]
    public async Task An_old_version_an_unknown_plan_or_an_ended_subscription_is_refused()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe();

        Assert.Equal("CONFLICT",
            (await hospital.Platform.TryCall("update_subscription", new { subscription_id = made.Id, auto_renew = false, expected_version = 7 })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await hospital.Platform.TryCall("update_subscription", new { subscription_id = made.Id, plan_id = Guid.NewGuid() })).Code);
        await hospital.Platform.Call("cancel_subscription", new { subscription_id = made.Id, immediate = true });
        Assert.Equal("CONFLICT", (await hospital.Platform.TryCall("update_subscription", new { subscription_id = made.Id, auto_renew = true })).Code);
        Assert.Equal("CONFLICT", (await hospital.Platform.TryCall("cancel_subscription", new { subscription_id = made.Id, immediate = true })).Code);
    }

    [Fact]
    public async Task A_hospital_out_of_use_is_charged_nothing_and_can_still_cancel()
    {
        var (system, hospital) = (await MedCorFixture.Get(), await SubscriptionFixture.Open());
        var made = await hospital.Subscribe(start: hospital.Today.AddDays(-10));
        await hospital.Platform.Call("delete_hospital", new { hospital_id = hospital.Id });
        await IsKnownAs(active: false);

        foreach (var change in new object[]
        {
            new { subscription_id = made.Id, plan_id = SubscriptionFixture.Enterprise }, new { subscription_id = made.Id, auto_renew = true }
        })
        {
            var refused = await hospital.Platform.TryCall("update_subscription", change);
            Assert.Equal(("CONFLICT", "The hospital is inactive."), (refused.Code, refused.Error.Message));
        }
        Assert.Equal("CONFLICT", (await hospital.Platform.TryCall("create_subscription", hospital.CreateRequest())).Code);
        Assert.Single(await hospital.ListInvoices());
        await hospital.Platform.Call("cancel_subscription", new { subscription_id = made.Id });

        // Once the hospital is active again, its subscription continues, even though it was canceled in the meantime.
        await hospital.Platform.Call("update_hospital", new { hospital_id = hospital.Id, is_active = true });
        await IsKnownAs(active: true);
        Assert.True((await hospital.Platform.Call<Subscription>("update_subscription", new { subscription_id = made.Id, auto_renew = true })).AutoRenew);

        await hospital.Platform.Call("delete_hospital", new { hospital_id = hospital.Id });
        await IsKnownAs(active: false);
        Assert.Equal(SubscriptionStatus.Cancelled,
            (await hospital.Platform.Call<Subscription>("cancel_subscription", new { subscription_id = made.Id, immediate = true })).Status);
        Assert.Equal([InvoiceType.Invoice, InvoiceType.CreditNote], (await hospital.ListInvoices()).Select(i => i.Type));

        Task IsKnownAs(bool active) => Wait.Until(
            async () =>
                await system.QueryNumber("billing", "SELECT count(*) FROM known_hospitals WHERE hospital_id = $1 AND is_active = $2", hospital.Id, active) == 1,
            "Billing has heard of it");
    }

    private static decimal Cents(decimal exact) => Math.Round(exact, 2, MidpointRounding.AwayFromZero);
}
