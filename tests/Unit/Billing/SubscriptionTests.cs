using MedCor.Billing.Plans;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using Subscription = MedCor.Billing.Subscriptions.Subscription;

namespace MedCor.Tests.Unit.Billing;

public class SubscriptionTests
{
    [Fact]
    public void Changing_plans_back_and_forth_charges_each_day_once()
    {
        var chance = new Random(7);
        var plans = new[] { NewPlan(19_900), NewPlan(49_999), NewPlan(149_901) };
        foreach (var start in Enumerable.Range(0, 430).Select(new DateOnly(2027, 12, 20).AddDays))
        {
            var subscription = Subscription.Create(plans[0], Guid.CreateVersion7(), start, BillingCycle.Monthly);
            var period = subscription.Period;
            var (paid, owed, plan) = (subscription.Renew(plans[0], isHospitalActive: true)!.Amount, 0L, plans[0]);
            for (var day = start; day < period.End; day = day.AddDays(1))
            {
                // Sometimes twice a day: then only the last change counts.
                for (var changes = chance.Next(3); changes > 0; changes--)
                {
                    var next = plans[chance.Next(plans.Length)];
                    if (next == plan) continue;
                    paid += subscription.ChangePlan(plan, next, day).Sum(l => l.Amount);
                    plan = next;
                }
                owed += period.Prorate(plan.Monthly, day) - period.Prorate(plan.Monthly, day.AddDays(1));
            }

            Assert.Equal(owed, paid);
        }
    }

    [Fact]
    public void Changing_back_on_the_same_day_costs_nothing()
    {
        var (one, other) = (NewPlan(19_900), NewPlan(49_900));
        var subscription = Begun(one);

        var lines = subscription.ChangePlan(one, other, new(2026, 2, 11)).Concat(subscription.ChangePlan(other, one, new(2026, 2, 11)));

        Assert.Equal(0, lines.Sum(l => l.Amount));
    }

    [Fact]
    public void A_price_that_changes_holds_from_the_next_period_on()
    {
        var (before, after) = (NewPlan(19_900), NewPlan(29_900));

        Assert.Equal(-9_950, Assert.Single(Begun(before, "2026-04-01").CancelImmediately(after, new(2026, 4, 16), null)).Amount);
        Assert.Equal(29_900, Begun(before).Renew(after, isHospitalActive: true)!.Amount);
    }

    [Fact]
    public void A_subscription_that_has_not_started_is_changed_and_cancelled_without_invoice_lines()
    {
        var (one, other) = (NewPlan(19_900), NewPlan(49_900));
        var subscription = Subscription.Create(one, Guid.CreateVersion7(), new(2027, 1, 1), BillingCycle.Annual);

        Assert.Empty(subscription.ChangePlan(one, other, new(2026, 12, 1)));
        Assert.Empty(subscription.CancelImmediately(other, new(2026, 12, 1), null));
        Assert.Throws<Conflict>(subscription.EnsureActive);
    }

    [Fact]
    public void On_the_due_date_it_renews_or_ends_as_requested()
    {
        Assert.NotNull(Begun().Renew(Plan, isHospitalActive: true));

        Ends(SubscriptionStatus.Cancelled, s => s.CancelAtEndOfPeriod("no more"));
        Ends(SubscriptionStatus.Expired, s => s.SetAutoRenew(false));
        Ends(SubscriptionStatus.Expired, _ => { }, mayGoOn: false);

        var undone = Begun();
        undone.CancelAtEndOfPeriod("no more");
        undone.SetAutoRenew(true);
        Assert.NotNull(undone.Renew(Plan, isHospitalActive: true));

        void Ends(SubscriptionStatus status, Action<Subscription> said, bool mayGoOn = true)
        {
            var subscription = Begun();
            said(subscription);
            Assert.Null(subscription.Renew(Plan, mayGoOn));
            Assert.Equal((status, new DateOnly(2026, 2, 28)), (subscription.Status, subscription.EndedOn));
        }
    }

    [Fact]
    public void What_does_not_renew_before_it_begins_runs_for_its_first_period()
    {
        RunsOnce(SubscriptionStatus.Expired, s => s.SetAutoRenew(false));
        RunsOnce(SubscriptionStatus.Cancelled, s => s.CancelAtEndOfPeriod(null));

        void RunsOnce(SubscriptionStatus ending, Action<Subscription> said)
        {
            var subscription = Subscription.Create(Plan, Guid.CreateVersion7(), new(2026, 1, 31), BillingCycle.Monthly);
            said(subscription);
            var named = subscription.Period;

            Assert.Equal(19_900, subscription.Renew(Plan, isHospitalActive: true)!.Amount);
            Assert.Equal((SubscriptionStatus.Active, named), (subscription.Status, subscription.Period));
            Assert.Null(subscription.Renew(Plan, isHospitalActive: true));
            Assert.Equal((ending, named.End), (subscription.Status, subscription.EndedOn));
        }
    }

    [Fact]
    public void A_hospital_out_of_use_does_not_begin_what_was_cancelled_before()
    {
        var subscription = Subscription.Create(Plan, Guid.CreateVersion7(), new(2026, 1, 31), BillingCycle.Monthly);
        subscription.CancelAtEndOfPeriod(null);

        Assert.Null(subscription.Renew(Plan, isHospitalActive: false));
        Assert.Equal((SubscriptionStatus.Cancelled, new DateOnly(2026, 1, 31)), (subscription.Status, subscription.EndedOn));
    }

    private static readonly Plan Plan = NewPlan(19_900);

    private static Subscription Begun(Plan? plan = null, string start = "2026-01-31")
    {
        var subscription = Subscription.Create(plan ?? Plan, Guid.CreateVersion7(), DateOnly.Parse(start), BillingCycle.Monthly);
        subscription.Renew(plan ?? Plan, isHospitalActive: true);
        return subscription;
    }

    private static Plan NewPlan(long monthly) => new()
    {
        Name = "Plan", PlanType = PlanType.Basic, Description = "", Monthly = monthly, Quarterly = 3 * monthly, Annual = 12 * monthly, Currency = "USD",
        Features = [], IsActive = true,
    };
}
