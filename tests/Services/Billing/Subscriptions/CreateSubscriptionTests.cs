using System.Net;
using MedCor.Contracts;
using MedCor.Contracts.Billing;

namespace MedCor.Tests.Services.Billing.Subscriptions;

public class CreateSubscriptionTests
{
    [Fact]
    public async Task A_subscription_answers_all_it_was_asked_for_and_is_invoiced_and_told()
    {
        var hospital = await SubscriptionFixture.Open();
        await using var listener = await SseClient.Connect(hospital.Platform);

        var made = await hospital.Subscribe(SubscriptionFixture.Professional, cycle: "QUARTERLY");

        Assert.Equal((hospital.Id, Guid.Parse(SubscriptionFixture.Professional), hospital.Today, BillingCycle.Quarterly),
            (made.HospitalId, made.PlanId, made.StartDate, made.BillingCycle));
        Assert.Equal((SubscriptionStatus.Active, true, false, 1), (made.Status, made.AutoRenew, made.CancelAtPeriodEnd, made.Version));
        Assert.Equal((hospital.Today, hospital.Today.AddMonths(3)), (made.CurrentPeriodStart, made.CurrentPeriodEnd));
        Assert.Equal(("1422.00", "USD"), (made.Price, made.Currency));
        Assert.Equal(made, await hospital.Get(made));
        Assert.Equal(made, (await hospital.Platform.Call<Page<Subscription>>("list_subscriptions", new { hospital_id = hospital.Id })).Results[0]);

        var invoice = Assert.Single(await hospital.ListInvoices());
        Assert.Equal((1, InvoiceType.Invoice, InvoiceStatus.Issued, "1422.00", "USD"),
            (invoice.Number, invoice.Type, invoice.Status, invoice.Total, invoice.Currency));
        Assert.Equal((hospital.Today, made.Id), (invoice.IssuedOn, invoice.SubscriptionId));
        var line = Assert.Single(invoice.Lines);
        Assert.Equal((InvoiceLineKind.Plan, "1422.00", made.PlanId), (line.Kind, line.Amount, line.PlanId));
        Assert.Equal((made.CurrentPeriodStart, made.CurrentPeriodEnd), (line.PeriodStart, line.PeriodEnd));

        var (sent, listed) = (await hospital.Platform.Call("get_subscription", new { subscription_id = made.Id }),
            await hospital.Platform.Call("list_invoices", new { hospital_id = hospital.Id }));
        Assert.Equal(sent.ToJsonString(), (await listener.Next("subscriptions", "created", made.Id)).Data["data"]!.ToJsonString());
        Assert.Equal(listed["results"]![0]!.ToJsonString(), (await listener.Next("invoices", "created", invoice.Id)).Data["data"]!.ToJsonString());
    }

    [Fact]
    public async Task Of_twenty_concurrent_subscriptions_of_one_hospital_exactly_one_succeeds()
    {
        var hospital = await SubscriptionFixture.Open();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            hospital.Platform.TryCall("create_subscription", hospital.CreateRequest(start: hospital.Today.AddDays(i % 2)))));

        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(a => a is { Status: HttpStatusCode.Conflict, Code: "CONFLICT" }));
        Assert.Equal(1, (await hospital.Platform.Call<Page<Subscription>>("list_subscriptions", new { hospital_id = hospital.Id })).Total);
        Assert.InRange((await hospital.ListInvoices()).Length, 0, 1);
    }

    [Fact]
    public async Task A_start_date_in_the_past_invoices_every_period_until_today()
    {
        var hospital = await SubscriptionFixture.Open();
        var start = hospital.Today.AddMonths(-3);

        var made = await hospital.Subscribe(start: start);

        var invoices = await hospital.ListInvoices();
        Assert.Equal(Enumerable.Range(0, invoices.Length).Select(n => start.AddMonths(n)), invoices.Select(i => i.Lines[0].PeriodStart));
        Assert.Equal(invoices[^1].Lines[0].PeriodEnd, made.CurrentPeriodEnd);
        Assert.True(made.CurrentPeriodEnd > hospital.Today);
        Assert.All(invoices, i => Assert.Equal(hospital.Today, i.IssuedOn));
    }

    [Fact]
    public async Task The_hospitals_clocks_say_whether_it_has_begun()
    {
        // The zones are more than a day apart, so a day that has begun in one has not yet begun in the other.
        var (ahead, behind) = (await SubscriptionFixture.Open("Pacific/Kiritimati"), await SubscriptionFixture.Open("Pacific/Niue"));
        var day = ahead.Today;

        await ahead.Subscribe(start: day);
        var later = await behind.Subscribe(start: day);

        Assert.Single(await ahead.ListInvoices());
        Assert.Empty(await behind.ListInvoices());
        Assert.Equal((SubscriptionStatus.Active, day), (later.Status, later.CurrentPeriodStart));
    }

    [Fact]
    public async Task A_start_a_year_away_is_taken_and_a_day_more_is_not()
    {
        var hospital = await SubscriptionFixture.Open();

        foreach (var start in new[] { hospital.Today.AddYears(1).AddDays(1), hospital.Today.AddYears(-1).AddDays(-1), DateOnly.MinValue, DateOnly.MaxValue })
            Assert.NotNull((await hospital.Platform.TryCall("create_subscription", hospital.CreateRequest(start: start))).Details!["start_date"]);
        await hospital.Subscribe(start: hospital.Today.AddYears(-1));
        Assert.InRange((await hospital.ListInvoices()).Length, 12, 13);
    }

    [Fact]
    public async Task Every_bad_field_is_named_at_once()
    {
        var platform = await ApiClient.LogInShared("admin@medcor.example");

        var answer = await platform.TryCall("create_subscription", new { plan_id = "x", start_date = "soon", billing_cycle = "WEEKLY", colour = "red" });

        Assert.Equal("VALIDATION_ERROR", answer.Code);
        foreach (var field in new[] { "hospital_id", "plan_id", "start_date", "billing_cycle", "colour" }) Assert.NotNull(answer.Details![field]);
    }

    [Fact]
    public async Task A_hospital_or_plan_that_does_not_exist_is_not_found_and_one_out_of_use_takes_no_plan()
    {
        var hospital = await SubscriptionFixture.Open();

        Assert.Equal("RESOURCE_NOT_FOUND", (await hospital.Platform.TryCall("create_subscription", hospital.CreateRequest(Guid.NewGuid().ToString()))).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await hospital.Platform.TryCall("create_subscription", (hospital with { Id = Guid.NewGuid() }).CreateRequest())).Code);
        await hospital.Platform.Call("delete_hospital", new { hospital_id = hospital.Id });
        await Wait.Until(
            async () => (await hospital.Platform.TryCall("create_subscription", hospital.CreateRequest(start: hospital.Today.AddYears(2)))).Code == "CONFLICT",
            "Billing knows that the hospital is out of use");
    }
}
