using System.Text.Json;
using MedCor.Billing.Invoices;
using MedCor.Billing.Plans;
using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Billing.Subscriptions;

[NoPersonalData]
internal sealed class Subscription : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public Guid PlanId { get; private set; }
    public required DateOnly StartDate { get; init; }
    public required BillingCycle BillingCycle { get; init; }
    public SubscriptionStatus Status { get; private set; } = SubscriptionStatus.Active;
    public bool AutoRenew { get; private set; } = true;
    public bool CancelAtPeriodEnd { get; private set; }
    public string? CancellationReason { get; private set; }

    /// <summary>Gets the number of periods that have been charged.</summary>
    public int Periods { get; private set; }

    /// <summary>Gets the day on which the next period is charged or the subscription ends.</summary>
    public DateOnly DueOn { get; private set; }

    /// <summary>Gets the price of the current period, in minor units. A changed price of the plan applies from the next period on.</summary>
    public long Price { get; private set; }
    public string Currency { get; private set; } = "";

    /// <summary>Gets the id of the invoice that charged what currently runs.</summary>
    public Guid? ChargedBy { get; private set; }
    public DateOnly? EndedOn { get; private set; }

    /// <summary>Gets the current period; the first one while it lies ahead.</summary>
    internal BillingPeriod Period => BillingPeriod.Create(StartDate, BillingCycle, Math.Max(Periods - 1, 0));

    internal bool HasStarted => Periods > 0;

    internal static Subscription Create(Plan plan, Guid hospital, DateOnly start, BillingCycle cycle)
    {
        var subscription = new Subscription { HospitalId = hospital, StartDate = start, BillingCycle = cycle, DueOn = start };
        subscription.ApplyPlan(plan);
        return subscription;
    }

    internal bool IsDue(DateOnly today) => Status == SubscriptionStatus.Active && DueOn <= today;

    /// <summary>Throws <see cref="Conflict"/> when the subscription has ended.</summary>
    internal void EnsureActive()
    {
        if (Status != SubscriptionStatus.Active)
            throw new Conflict($"The subscription is {JsonNamingPolicy.SnakeCaseUpper.ConvertName(Status.ToString())}, which is final. Create a new one.")
                .WithDetail("status", Status);
    }

    /// <summary>
    /// Begins the next period, on the day that it is due, and returns its invoice line; returns null when the subscription ends instead. A subscription that
    /// does not renew ends after the current period, which is the first one while that lies ahead.
    /// </summary>
    /// <param name="plan">The plan of the subscription, at its current price.</param>
    /// <param name="isHospitalActive">Whether the hospital of the subscription is active.</param>
    internal LineItem? Renew(Plan plan, bool isHospitalActive)
    {
        if (!isHospitalActive || (HasStarted && (CancelAtPeriodEnd || !AutoRenew)))
        {
            End(CancelAtPeriodEnd ? SubscriptionStatus.Cancelled : SubscriptionStatus.Expired, DueOn);
            return null;
        }
        ApplyPlan(plan);
        Periods++;
        DueOn = Period.End;
        return new(InvoiceLineKind.Plan, $"{plan.Name}, {CycleName}", plan.Id, Period.Start, Period.End, Price);
    }

    /// <summary>Changes to another plan from a day on and returns the invoice lines that settle the change; none before the first period is charged.</summary>
    /// <param name="previous">The plan before the change.</param>
    internal IReadOnlyList<LineItem> ChangePlan(Plan previous, Plan plan, DateOnly today)
    {
        var credit = CreateCredit(previous, today);
        ApplyPlan(plan);
        return HasStarted
            ? [.. credit,
                new(InvoiceLineKind.Proration, $"{plan.Name}, rest of the period", plan.Id, NotBeforePeriod(today), Period.End, Period.Prorate(Price, today))]
            : [];
    }

    /// <summary>Sets whether the subscription renews for another period or ends without one. Renewing withdraws a pending cancellation.</summary>
    internal void SetAutoRenew(bool renews)
    {
        AutoRenew = renews;
        if (renews) (CancelAtPeriodEnd, CancellationReason) = (false, null);
    }

    internal void CancelAtEndOfPeriod(string? reason) => (CancelAtPeriodEnd, AutoRenew, CancellationReason) = (true, false, reason);

    /// <summary>Ends the subscription today and returns the line that credits the unused days; none when nothing was charged.</summary>
    internal IReadOnlyList<LineItem> CancelImmediately(Plan plan, DateOnly today, string? reason)
    {
        var credit = CreateCredit(plan, today);
        (CancelAtPeriodEnd, CancellationReason) = (false, reason);
        End(SubscriptionStatus.Cancelled, today);
        return credit;
    }

    internal void SetChargingInvoice(Guid invoice) => ChargedBy = invoice;

    /// <summary>Returns the event that describes the current state of the subscription.</summary>
    internal IntegrationEvent ToEvent() =>
        Status == SubscriptionStatus.Cancelled ? new SubscriptionCancelled(ToContract()) : new SubscriptionUpdated(ToContract());

    internal Contracts.Billing.Subscription ToContract() => new(
        Id: Id,
        HospitalId: HospitalId,
        PlanId: PlanId,
        StartDate: StartDate,
        BillingCycle: BillingCycle,
        Status: Status,
        AutoRenew: AutoRenew,
        CancelAtPeriodEnd: CancelAtPeriodEnd,
        CancellationReason: CancellationReason,
        CurrentPeriodStart: Period.Start,
        CurrentPeriodEnd: Period.End,
        Price: Money.Format(Price),
        Currency: Currency,
        EndedOn: EndedOn,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    private string CycleName => JsonNamingPolicy.SnakeCaseLower.ConvertName(BillingCycle.ToString());

    private void ApplyPlan(Plan plan) => (PlanId, Price, Currency) = (plan.Id, plan.Price(BillingCycle), plan.Currency);

    private void End(SubscriptionStatus status, DateOnly date) => (Status, AutoRenew, EndedOn) = (status, false, date);

    private IReadOnlyList<LineItem> CreateCredit(Plan plan, DateOnly from) =>
        HasStarted
            ? [new(InvoiceLineKind.Credit, $"{plan.Name}, days not used", plan.Id, NotBeforePeriod(from), Period.End, -Period.Prorate(Price, from))]
            : [];

    /// <summary>
    /// Returns today, or the first day of the period when that is later: a hospital whose time zone was changed may be back on the day before its period began.
    /// </summary>
    private DateOnly NotBeforePeriod(DateOnly today) => today < Period.Start ? Period.Start : today;

    internal sealed class Configuration : IEntityTypeConfiguration<Subscription>
    {
        public void Configure(EntityTypeBuilder<Subscription> subscription)
        {
            subscription.ToTable("subscriptions").HasKey(s => new { s.HospitalId, s.Id });
            // The relationship makes EF Core insert a new subscription before its first invoice.
            subscription.HasMany<Invoices.Invoice>().WithOne().HasForeignKey(i => new { i.HospitalId, i.SubscriptionId });
        }
    }
}
