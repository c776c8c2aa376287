using MedCor.Contracts.Billing;

namespace MedCor.Tests.Services.Billing.Subscriptions;

public class CancelSubscriptionTests
{
    [Fact]
    public async Task Cancellation_at_period_end_leaves_the_subscription_active_and_can_be_undone()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe();
        var id = made.Id;

        var ending = await hospital.Platform.Call<Subscription>("cancel_subscription",
            new { subscription_id = id, reason = "Switching to different plan", immediate = false });
        Assert.Equal((SubscriptionStatus.Active, true, false, "Switching to different plan"),
            (ending.Status, ending.CancelAtPeriodEnd, ending.AutoRenew, ending.CancellationReason));
        Assert.Equal("CONFLICT", (await hospital.Platform.TryCall("create_subscription", hospital.CreateRequest())).Code);

        var undone = await hospital.Platform.Call<Subscription>("update_subscription", new { subscription_id = id, auto_renew = true });
        Assert.Equal((SubscriptionStatus.Active, false, true, null), (undone.Status, undone.CancelAtPeriodEnd, undone.AutoRenew, undone.CancellationReason));
        Assert.Single(await hospital.ListInvoices());
    }

    [Fact]
    public async Task Immediate_cancellation_issues_a_credit_note_for_the_remaining_days_and_allows_a_new_subscription()
    {
        var hospital = await SubscriptionFixture.Open();
        var start = hospital.Today.AddDays(-10);
        var made = await hospital.Subscribe(SubscriptionFixture.Professional, start);
        var days = start.AddMonths(1).DayNumber - start.DayNumber;

        var ended = await hospital.Platform.Call<Subscription>("cancel_subscription",
            new { subscription_id = made.Id, reason = "Closing", immediate = true });

        Assert.Equal((SubscriptionStatus.Cancelled, "Closing", hospital.Today), (ended.Status, ended.CancellationReason, ended.EndedOn));
        var invoices = await hospital.ListInvoices();
        var note = invoices[1];
        Assert.Equal((InvoiceType.CreditNote, 2, invoices[0].Id), (note.Type, note.Number, note.CorrectsInvoiceId));
        Assert.Equal(InvoiceLineKind.Credit, Assert.Single(note.Lines).Kind);
        // The remaining charge is the price of ten days, to the cent.
        Assert.Equal(Math.Round(499.00m * 10 / days, 2, MidpointRounding.AwayFromZero), invoices.Sum(i => SubscriptionFixture.ParseAmount(i.Total)));

        Assert.False(ended.CancelAtPeriodEnd);

        // No day is charged twice.
        Assert.NotNull(
            (await hospital.Platform.TryCall("create_subscription", hospital.CreateRequest(start: hospital.Today.AddDays(-1)))).Details!["start_date"]);
        Assert.Equal(2, (await hospital.ListInvoices()).Length);
        Assert.Equal(SubscriptionStatus.Active, (await hospital.Subscribe()).Status);
    }

    [Fact]
    public async Task Cancelled_at_period_end_before_it_begins_the_named_period_is_charged_and_runs()
    {
        var (system, hospital) = (await MedCorFixture.Get(), await SubscriptionFixture.Open());
        var made = await hospital.Subscribe(start: hospital.Today.AddDays(10));
        await hospital.Platform.Call("cancel_subscription", new { subscription_id = made.Id });

        // Its first day comes.
        await system.QueryNumber("billing",
            "UPDATE subscriptions SET start_date = start_date - 10, due_on = due_on - 10 WHERE hospital_id = $1 RETURNING 1", hospital.Id);

        await Wait.Until(async () => (await hospital.ListInvoices()).Length == 1, "the first period is charged");
        var running = await hospital.Get(made);
        Assert.Equal((SubscriptionStatus.Active, true, null), (running.Status, running.CancelAtPeriodEnd, running.EndedOn));
        var line = Assert.Single((await hospital.ListInvoices())[0].Lines);
        Assert.Equal((running.CurrentPeriodStart, running.CurrentPeriodEnd), (line.PeriodStart, line.PeriodEnd));
    }

    [Fact]
    public async Task A_subscription_that_has_not_started_is_cancelled_without_a_charge()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe(start: hospital.Today.AddMonths(1));

        var ended = await hospital.Platform.Call<Subscription>("cancel_subscription", new { subscription_id = made.Id, immediate = true });

        Assert.Equal(SubscriptionStatus.Cancelled, ended.Status);
        Assert.Empty(await hospital.ListInvoices());
    }
}
