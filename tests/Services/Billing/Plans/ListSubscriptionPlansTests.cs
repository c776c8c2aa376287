using MedCor.Contracts;
using MedCor.Contracts.Billing;

namespace MedCor.Tests.Services.Billing.Plans;

public class ListSubscriptionPlansTests
{
    [Fact]
    public async Task The_three_plans_stand_in_the_order_of_their_price_with_one_for_each_cycle()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        var plans = (await admin.Call<Page<SubscriptionPlan>>("list_subscription_plans", new { is_active = true })).Results;

        Assert.Equal([PlanType.Basic, PlanType.Professional, PlanType.Enterprise], plans.Select(p => p.PlanType));
        Assert.Equal([SubscriptionFixture.Basic, SubscriptionFixture.Professional, SubscriptionFixture.Enterprise], plans.Select(p => p.Id.ToString()));
        Assert.Equal(("199.00", "567.00", "2148.00", "USD"), (plans[0].Prices.Monthly, plans[0].Prices.Quarterly, plans[0].Prices.Annual,
            plans[0].Currency));
        Assert.Equal(10, plans[0].MaxDoctors);
        Assert.Null(plans[2].MaxDoctors);
        Assert.All(plans, p => Assert.NotEmpty(p.Features));
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
