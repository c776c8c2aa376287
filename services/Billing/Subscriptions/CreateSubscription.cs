using MedCor.Billing.Plans;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tools;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Billing.Subscriptions;

internal sealed class CreateSubscriptionHandler(BillingDb db, HospitalCopies hospitals, Ledger ledger, TimeProvider clock)
    : IToolHandler<CreateSubscription, HospitalCopy, Contracts.Billing.Subscription>
{
    public async Task<HospitalCopy> PrepareAsync(CreateSubscription request, CancellationToken ct)
    {
        var hospital = await hospitals.FindAsync(request.HospitalId, ct) ?? throw new NotFound("hospital");
        hospital.EnsureActive();
        return hospital;
    }

    public async Task<Contracts.Billing.Subscription> HandleAsync(CreateSubscription request, HospitalCopy hospital, CancellationToken ct)
    {
        var today = hospital.Today(clock.GetUtcNow());
        if (request.StartDate < today.AddYears(-1) || request.StartDate > today.AddYears(1))
            throw new ValidationFailed("start_date", $"must be at most a year from today, {today:yyyy-MM-dd}");
        if (await db.Subscriptions.Where(s => s.HospitalId == hospital.HospitalId && s.Periods > 0).MaxAsync(s => s.EndedOn, ct) is { } ended
            && request.StartDate < ended)
            throw new ValidationFailed("start_date", $"must not be before {ended:yyyy-MM-dd}, to which an earlier subscription was charged");

        var subscription = Subscription.Create(await db.Plans.GetAvailableAsync(request.PlanId, ct), hospital.HospitalId,
            request.StartDate, request.BillingCycle);
        db.Add(subscription);
        await ledger.ChargeDuePeriodsAsync(subscription, hospital, today, ct);
        db.Raise(() => new SubscriptionCreated(subscription.ToContract()));
        try
        {
            await db.SaveChangesAsync(ct);
        }
        catch (DbUpdateException e) when (e.ViolatesConstraint("one_active_subscription"))
        {
            throw new Conflict("The hospital has an active subscription. Change that one, or cancel it first.");
        }
        return subscription.ToContract();
    }
}
