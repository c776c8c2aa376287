using MedCor.Contracts;
using MedCor.Contracts.Billing;

namespace MedCor.Tests.Services.Billing.Plans;

public class ListSubscriptionPlansTests
{
    [Fact]
    public async Task The_three_plans_stand_in_the_order_of_their_price_with_one_for_each_cycle()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        var plans = (await admin.Call("list_subscription_plans", new { is_active = true }))["results"]!.AsArray();

        Assert.Equal(["BASIC", "PROFESSIONAL", "ENTERPRISE"], plans.Select(p => (string)p!["plan_type"]!));
        Assert.Equal([SubscriptionFixture.Basic, SubscriptionFixture.Professional, SubscriptionFixture.Enterprise], plans.Select(p => (string)p!["id"]!));
        Assert.Equal(("199.00", "567.00", "2148.00", "USD"), ((string?)plans[0]!["prices"]!["monthly"], (string?)plans[0]!["prices"]!["quarterly"],
            (string?)plans[0]!["prices"]!["annual"], (string?)plans[0]!["currency"]));
        Assert.Equal(10, (int?)plans[0]!["max_doctors"]);
        Assert.Null(plans[2]!["max_doctors"]);
        Assert.All(plans, p => Assert.NotEmpty(p!["features"]!.AsArray()));
    }

    [Fact]
    public async Task A_type_narrows_the_list()
    {
        var platform = await ApiClient.LogInShared("admin@medcor.example");

        var plans = await platform.Call<Page<SubscriptionPlan>>("list_subscription_plans", new { plan_type = "PROFESSIONAL", is_active = true });

        Assert.Equal((1, "Professional"), (plans.Total, plans.Results[0].Name));
        Assert.Equal(0, (await platform.Call<Page<SubscriptionPlan>>("list_subscription_plans", new { is_active = false })).Total);
        Assert.NotNull((await platform.TryCall("list_subscription_plans", new { plan_type = "GOLD" })).Details!["plan_type"]);
    }
}
