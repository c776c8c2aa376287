using MedCor.Contracts;
using MedCor.Contracts.Billing;

namespace MedCor.Tests.Services.Billing.Subscriptions;

/// <summary>Tests which callers may read and change hospitals' subscriptions and invoices.</summary>
public class SubscriptionAuthorizationTests
{
    [Theory]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    [InlineData("patient@general.example")]
    public async Task Only_administrators_may_use_billing(string who)
    {
        var (client, id) = (await ApiClient.LogInShared(who), Guid.NewGuid());

        foreach (var (tool, parameters) in new (string, object)[]
        {
            ("list_subscription_plans", new { }), ("list_subscriptions", new { }), ("list_invoices", new { }),
            ("get_subscription", new { subscription_id = id }),
            ("create_subscription", new { hospital_id = client.HospitalId, plan_id = id, start_date = "2030-01-01", billing_cycle = "MONTHLY" }),
            ("update_subscription", new { subscription_id = id }), ("cancel_subscription", new { subscription_id = id }),
        })
            Assert.Equal("PERMISSION_DENIED", (await client.TryCall(tool, parameters)).Code);
    }

    [Fact]
    public async Task A_hospitals_administrator_has_their_own_and_finds_no_other()
    {
        var (own, foreign) = (await SubscriptionFixture.Open(), await SubscriptionFixture.Open());
        var email = $"admin-{Guid.NewGuid():N}@hospital.example";
        await own.Platform.Call("create_user",
            new { email, password = "ein eigenes Haus 2026", first_name = "Ada", last_name = "Own", role = "ADMIN", hospital_id = own.Id });
        var admin = await ApiClient.LogIn(email, "ein eigenes Haus 2026");
        var theirs = (await foreign.Subscribe()).Id;

        var mine = (await admin.Call<Subscription>("create_subscription", own.CreateRequest())).Id;
        await admin.Call("update_subscription", new { subscription_id = mine, plan_id = SubscriptionFixture.Professional });
        await admin.Call("cancel_subscription", new { subscription_id = mine });

        Assert.Equal(mine, Assert.Single((await admin.Call<Page<Subscription>>("list_subscriptions")).Results).Id);
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.TryCall("list_subscriptions", new { hospital_id = foreign.Id })).Code);
        Assert.Equal(2, (await admin.Call<Page<Invoice>>("list_invoices")).Total);
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.TryCall("list_invoices", new { hospital_id = foreign.Id })).Code);
        foreach (var tool in new[] { "get_subscription", "update_subscription", "cancel_subscription" })
        {
            var (a, b) = (await admin.TryCall(tool, new { subscription_id = theirs }), await admin.TryCall(tool, new { subscription_id = Guid.NewGuid() }));
            Assert.Equal(("RESOURCE_NOT_FOUND", a.Status, a.Error.Message), (a.Code, b.Status, b.Error.Message));
        }
        Assert.Equal("RESOURCE_NOT_FOUND", (await admin.TryCall("create_subscription", foreign.CreateRequest())).Code);
    }
}
