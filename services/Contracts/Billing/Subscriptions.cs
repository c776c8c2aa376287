using System.ComponentModel.DataAnnotations;

namespace MedCor.Contracts.Billing;

/// <summary>Where a subscription stands. Whoever ended it by a word has cancelled it; one that ended because it was not to be renewed has expired.</summary>
public enum SubscriptionStatus { Active, Cancelled, Expired }

/// <summary>A hospital's agreement to pay for a plan, period after period. Days are those of the hospital's clocks.</summary>
/// <param name="StartDate">The first day of the first period; it may lie ahead.</param>
/// <param name="AutoRenew">Whether another period follows the present one.</param>
/// <param name="CancelAtPeriodEnd">Whether it was cancelled and runs until the present period ends.</param>
/// <param name="CurrentPeriodStart">The first day of the present period, or of the first one while that lies ahead.</param>
/// <param name="CurrentPeriodEnd">The day on which the next one begins.</param>
/// <param name="Price">What the present period costs, a decimal amount.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="EndedOn">The first day that was no longer paid for; null while it is active.</param>
[Resource("subscriptions", Callers.Admins)]
public sealed record Subscription(
    Guid Id,
    Guid HospitalId,
    Guid PlanId,
    DateOnly StartDate,
    BillingCycle BillingCycle,
    SubscriptionStatus Status,
    bool AutoRenew,
    bool CancelAtPeriodEnd,
    string? CancellationReason,
    DateOnly CurrentPeriodStart,
    DateOnly CurrentPeriodEnd,
    string Price,
    string Currency,
    DateOnly? EndedOn,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Lists subscriptions, the latest first.</summary>
/// <param name="HospitalId">Only those of this hospital.</param>
[Tool("list_subscriptions", Effect.Read, Callers.Admins)]
public sealed record ListSubscriptions(Guid? HospitalId = null, Guid? PlanId = null, SubscriptionStatus? Status = null) : PagedTool<Subscription>;

/// <summary>Shows one subscription.</summary>
[Tool("get_subscription", Effect.Read, Callers.Admins)]
public sealed record GetSubscription(Guid SubscriptionId) : ITool<Subscription>;

/// <summary>
/// Subscribes a hospital to a plan. A hospital has one active subscription at most; a second one is a CONFLICT. Each period is invoiced on its
/// first day, and renewed by itself until the subscription is cancelled.
/// </summary>
/// <param name="StartDate">By the clocks of the hospital, at most a year from today. Of a day that is past, all periods until today are invoiced at once.</param>
[Tool("create_subscription", Effect.Create, Callers.Admins)]
public sealed record CreateSubscription(Guid HospitalId, Guid PlanId, DateOnly StartDate, BillingCycle BillingCycle) : ITool<Subscription>;

/// <summary>
/// Changes a subscription; what is not given stays as it is. Another plan holds from today on: an invoice credits the days of the period that are left of
/// the old plan, today's among them, and charges them for the new one. That of a hospital out of use is not changed, only cancelled.
/// </summary>
/// <param name="AutoRenew">true also undoes a cancellation at the period's end; false lets the subscription expire then.</param>
/// <param name="ExpectedVersion">Refuses the change if the subscription is no longer at this version.</param>
[Tool("update_subscription", Effect.Update, Callers.Admins)]
public sealed record UpdateSubscription(Guid SubscriptionId, Guid? PlanId = null, bool? AutoRenew = null, [property: NotAField] long? ExpectedVersion = null) : ITool<Subscription>;

/// <summary>
/// Cancels a subscription: at the end of the period that is paid for, which update_subscription with auto_renew true undoes until then, or at once, with
/// a credit note for the days that are left, today's among them. One that has not begun is never charged.
/// </summary>
/// <param name="Immediate">Whether it ends at once; at the period's end unless given.</param>
/// <param name="ExpectedVersion">Refuses the change if the subscription is no longer at this version.</param>
[Tool("cancel_subscription", Effect.Delete, Callers.Admins)]
public sealed record CancelSubscription(
    Guid SubscriptionId,
    [property: MaxLength(500), Multiline] string? Reason = null,
    bool Immediate = false,
    long? ExpectedVersion = null) : ITool<Subscription>;

/// <summary>A hospital subscribed to a plan.</summary>
public sealed record SubscriptionCreated(Subscription Subscription) : IntegrationEvent(Subscription.HospitalId, Subscription.Version)
{
    public override LiveUpdate LiveUpdate => new("subscriptions", Change.Created, Subscription, new(Callers.Admins));
}

/// <summary>A subscription changed, was renewed, is to end, or expired.</summary>
public sealed record SubscriptionUpdated(Subscription Subscription) : IntegrationEvent(Subscription.HospitalId, Subscription.Version)
{
    public override LiveUpdate LiveUpdate => new("subscriptions", Change.Updated, Subscription, new(Callers.Admins));
}

/// <summary>A subscription ended because it was cancelled. It stays to be read.</summary>
public sealed record SubscriptionCancelled(Subscription Subscription) : IntegrationEvent(Subscription.HospitalId, Subscription.Version)
{
    public override LiveUpdate LiveUpdate => new("subscriptions", Change.Updated, Subscription, new(Callers.Admins));
}
