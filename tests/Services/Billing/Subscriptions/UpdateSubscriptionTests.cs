using System.Text.Json.Nodes;
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

        var changed = await hospital.Platform.Call("update_subscription",
            new { subscription_id = Id(made), plan_id = SubscriptionFixture.Enterprise, auto_renew = true, expected_version = 1 });

        Assert.Equal((SubscriptionFixture.Enterprise, "1499.00", 2), ((string?)changed["plan_id"], (string?)changed["price"], (int)changed["version"]!));
        Assert.Equal((string?)made["current_period_end"], (string?)changed["current_period_end"]);
        var invoices = await hospital.ListInvoices();
        Assert.Equal(2, invoices.Length);
        var lines = invoices[1]["lines"]!.AsArray();
        Assert.Equal(["CREDIT", "PRORATION"], lines.Select(l => (string)l!["kind"]!));
        Assert.All(lines, l => Assert.Equal((SubscriptionFixture.FormatDate(hospital.Today), SubscriptionFixture.FormatDate(start.AddMonths(1))),
            ((string?)l!["period_start"], (string?)l["period_end"])));
        Assert.Equal(-(199.00m - Cents(199.00m * 10 / days)), SubscriptionFixture.ParseAmount(lines[0]!["amount"]));
        Assert.Equal(1499.00m - Cents(1499.00m * 10 / days), SubscriptionFixture.ParseAmount(lines[1]!["amount"]));
        Assert.Equal(lines.Sum(l => SubscriptionFixture.ParseAmount(l!["amount"])), SubscriptionFixture.ParseAmount(invoices[1]["total"]));
        Assert.Equal(("INVOICE", (string?)invoices[0]["id"]), ((string?)invoices[1]["type"], (string?)invoices[1]["corrects_invoice_id"]));
    }

    [Fact]
    public async Task A_cheaper_plan_ends_in_a_credit_note_and_changing_back_in_nothing_lost()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe(SubscriptionFixture.Enterprise, hospital.Today.AddDays(-17), "ANNUAL");

        await hospital.Platform.Call("update_subscription", new { subscription_id = Id(made), plan_id = SubscriptionFixture.Basic });
        await hospital.Platform.Call("update_subscription", new { subscription_id = Id(made), plan_id = SubscriptionFixture.Enterprise });

        var invoices = await hospital.ListInvoices();
        Assert.Equal(["INVOICE", "CREDIT_NOTE", "INVOICE"], invoices.Select(i => (string)i["type"]!));
        Assert.Equal(16188.00m, invoices.Sum(i => SubscriptionFixture.ParseAmount(i["total"])));
        Assert.Equal((string?)invoices[1]["id"], (string?)invoices[2]["corrects_invoice_id"]);
    }

    [Fact]
    public async Task The_same_plan_again_and_one_before_the_start_cost_nothing()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe(start: hospital.Today.AddDays(5));

        var changed = await hospital.Platform.Call<Subscription>("update_subscription",
            new { subscription_id = Id(made), plan_id = SubscriptionFixture.Professional });
        var same = await hospital.Platform.Call<Subscription>("update_subscription",
            new { subscription_id = Id(made), plan_id = SubscriptionFixture.Professional });

        Assert.Equal(("499.00", "499.00"), (changed.Price, same.Price));
        Assert.Empty(await hospital.ListInvoices());
    }

    [Fact]
    public async Task A_change_that_changes_nothing_is_not_published()
    {
        var (house, hospital) = (await MedCorFixture.Get(), await SubscriptionFixture.Open());
        var id = Id(await hospital.Subscribe());

        await hospital.Platform.Call("update_subscription", new { subscription_id = id });
        await hospital.Platform.Call("update_subscription", new { subscription_id = id, plan_id = SubscriptionFixture.Basic, auto_renew = true });

        Assert.Equal(0, await Published());
        var ending = await hospital.Platform.Call("cancel_subscription", new { subscription_id = id, reason = "Closing" });
        Assert.Equal(1, await Published());
        var again = await hospital.Platform.Call("cancel_subscription", new { subscription_id = id, reason = "Closing" });
        Assert.Equal(ending.ToJsonString(), again.ToJsonString());
        Assert.Equal(1, await Published());

        Task<long> Published() =>
            house.QueryNumber("billing", "SELECT count(*) FROM outbox WHERE type LIKE '%SubscriptionUpdated%' AND position($1 IN body) > 0", id);
    }

    [Fact]
    public async Task An_old_version_an_unknown_plan_or_an_ended_subscription_is_refused()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe();

        Assert.Equal("CONFLICT",
            (await hospital.Platform.TryCall("update_subscription", new { subscription_id = Id(made), auto_renew = false, expected_version = 7 })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await hospital.Platform.TryCall("update_subscription", new { subscription_id = Id(made), plan_id = Guid.NewGuid() })).Code);
        await hospital.Platform.Call("cancel_subscription", new { subscription_id = Id(made), immediate = true });
        Assert.Equal("CONFLICT", (await hospital.Platform.TryCall("update_subscription", new { subscription_id = Id(made), auto_renew = true })).Code);
        Assert.Equal("CONFLICT", (await hospital.Platform.TryCall("cancel_subscription", new { subscription_id = Id(made), immediate = true })).Code);
    }

    [Fact]
    public async Task A_hospital_out_of_use_is_charged_nothing_and_can_still_cancel()
    {
        var (house, hospital) = (await MedCorFixture.Get(), await SubscriptionFixture.Open());
        var made = await hospital.Subscribe(start: hospital.Today.AddDays(-10));
        await hospital.Platform.Call("delete_hospital", new { hospital_id = hospital.Id });
        await IsKnownAs(active: false);

        foreach (var change in new object[]
        {
            new { subscription_id = Id(made), plan_id = SubscriptionFixture.Enterprise }, new { subscription_id = Id(made), auto_renew = true }
        })
        {
            var refused = await hospital.Platform.TryCall("update_subscription", change);
            Assert.Equal(("CONFLICT", "The hospital is inactive."), (refused.Code, (string?)refused.Body["error"]!["message"]));
        }
        Assert.Equal("CONFLICT", (await hospital.Platform.TryCall("create_subscription", hospital.CreateRequest())).Code);
        Assert.Single(await hospital.ListInvoices());
        await hospital.Platform.Call("cancel_subscription", new { subscription_id = Id(made) });

        // Once the hospital is active again, its subscription continues, even though it was canceled in the meantime.
        await hospital.Platform.Call("update_hospital", new { hospital_id = hospital.Id, is_active = true });
        await IsKnownAs(active: true);
        Assert.True((await hospital.Platform.Call<Subscription>("update_subscription", new { subscription_id = Id(made), auto_renew = true })).AutoRenew);

        await hospital.Platform.Call("delete_hospital", new { hospital_id = hospital.Id });
        await IsKnownAs(active: false);
        Assert.Equal(SubscriptionStatus.Cancelled,
            (await hospital.Platform.Call<Subscription>("cancel_subscription", new { subscription_id = Id(made), immediate = true })).Status);
        Assert.Equal(["INVOICE", "CREDIT_NOTE"], (await hospital.ListInvoices()).Select(i => (string)i["type"]!));

        Task IsKnownAs(bool active) => Wait.Until(
            async () =>
                await house.QueryNumber("billing", "SELECT count(*) FROM known_hospitals WHERE hospital_id = $1 AND is_active = $2", hospital.Id, active) == 1,
            "Billing has heard of it");
    }

    private static string Id(JsonNode subscription) => (string)subscription["id"]!;

    private static decimal Cents(decimal exact) => Math.Round(exact, 2, MidpointRounding.AwayFromZero);
}
