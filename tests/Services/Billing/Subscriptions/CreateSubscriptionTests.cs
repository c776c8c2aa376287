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

        Assert.Equal((hospital.Id.ToString(), SubscriptionFixture.Professional, SubscriptionFixture.FormatDate(hospital.Today), "QUARTERLY"),
            ((string?)made["hospital_id"], (string?)made["plan_id"], (string?)made["start_date"], (string?)made["billing_cycle"]));
        Assert.Equal(("ACTIVE", true, false, 1),
            ((string?)made["status"], (bool)made["auto_renew"]!, (bool)made["cancel_at_period_end"]!, (int)made["version"]!));
        Assert.Equal((SubscriptionFixture.FormatDate(hospital.Today), SubscriptionFixture.FormatDate(hospital.Today.AddMonths(3))),
            ((string?)made["current_period_start"], (string?)made["current_period_end"]));
        Assert.Equal(("1422.00", "USD"), ((string?)made["price"], (string?)made["currency"]));
        Assert.Equal(made.ToJsonString(), (await hospital.Get(made)).ToJsonString());
        Assert.Equal(made.ToJsonString(),
            (await hospital.Platform.Call("list_subscriptions", new { hospital_id = hospital.Id }))["results"]![0]!.ToJsonString());

        var invoice = Assert.Single(await hospital.ListInvoices());
        Assert.Equal((1, "INVOICE", "ISSUED", "1422.00", "USD"),
            ((int)invoice["number"]!, (string?)invoice["type"], (string?)invoice["status"], (string?)invoice["total"], (string?)invoice["currency"]));
        Assert.Equal((SubscriptionFixture.FormatDate(hospital.Today), (string?)made["id"]),
            ((string?)invoice["issued_on"], (string?)invoice["subscription_id"]));
        var line = Assert.Single(invoice["lines"]!.AsArray())!;
        Assert.Equal(("PLAN", "1422.00", SubscriptionFixture.Professional), ((string?)line["kind"], (string?)line["amount"], (string?)line["plan_id"]));
        Assert.Equal(((string?)made["current_period_start"], (string?)made["current_period_end"]),
            ((string?)line["period_start"], (string?)line["period_end"]));

        Assert.Equal(made.ToJsonString(), (await listener.Next("subscriptions", "created", Guid.Parse((string)made["id"]!))).Data["data"]!.ToJsonString());
        Assert.Equal(invoice.ToJsonString(), (await listener.Next("invoices", "created", Guid.Parse((string)invoice["id"]!))).Data["data"]!.ToJsonString());
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
        Assert.Equal(Enumerable.Range(0, invoices.Length).Select(n => SubscriptionFixture.FormatDate(start.AddMonths(n))),
            invoices.Select(i => (string)i["lines"]![0]!["period_start"]!));
        Assert.Equal(invoices[^1]["lines"]![0]!["period_end"]!.ToString(), (string?)made["current_period_end"]);
        Assert.True(DateOnly.Parse((string)made["current_period_end"]!) > hospital.Today);
        Assert.All(invoices, i => Assert.Equal(SubscriptionFixture.FormatDate(hospital.Today), (string?)i["issued_on"]));
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
        Assert.Equal(("ACTIVE", SubscriptionFixture.FormatDate(day)), ((string?)later["status"], (string?)later["current_period_start"]));
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
