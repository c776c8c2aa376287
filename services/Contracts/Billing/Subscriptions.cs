using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Billing;

/// <summary>
/// Specifies the status of a subscription. A subscription that was ended explicitly is CANCELLED; one that ended because it was not to be renewed is EXPIRED.
/// </summary>
public enum SubscriptionStatus { Active, Cancelled, Expired }

/// <summary>Represents a hospital's subscription to a plan, which is billed period by period. Dates are in the hospital's time zone.</summary>
/// <param name="PlanId"><example>"01980000-0000-7000-9000-000000000002"</example></param>
/// <param name="StartDate">The first day of the first period; it may be in the future. <example>"2026-03-01"</example></param>
/// <param name="AutoRenew">Whether another period follows the current one.</param>
/// <param name="CancelAtPeriodEnd">Whether the subscription was cancelled and runs until the end of the current period.</param>
/// <param name="CancellationReason"><example>null</example></param>
/// <param name="CurrentPeriodStart">
/// The first day of the current period, or of the first period while that is in the future.
/// <example>"2026-03-01"</example>
/// </param>
/// <param name="CurrentPeriodEnd">The day on which the next period begins. <example>"2026-04-01"</example></param>
/// <param name="Price">The price of the current period, as a decimal amount. <example>"149.00"</example></param>
/// <param name="Currency">The ISO 4217 currency code. <example>"EUR"</example></param>
/// <param name="EndedOn">The first day that was no longer paid for; null while the subscription is active. <example>null</example></param>
[Resource("subscriptions", Callers.Admins)]
[Audited(AuditKind.Administration)]
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
/// <param name="HospitalId">The ID of the hospital whose subscriptions are listed.</param>
/// <param name="PlanId">The ID of the plan of the subscriptions that are listed.</param>
/// <param name="Status">The status of the subscriptions that are listed.</param>
[Tool("list_subscriptions", Effect.Read, Callers.Admins)]
public sealed record ListSubscriptions(Guid? HospitalId = null, Guid? PlanId = null, SubscriptionStatus? Status = null) : PagedTool<Subscription>;

/// <summary>Returns one subscription.</summary>
/// <param name="SubscriptionId">The ID of the subscription.</param>
[Tool("get_subscription", Effect.Read, Callers.Admins)]
public sealed record GetSubscription(Guid SubscriptionId) : ITool<Subscription>;

/// <summary>
/// Subscribes a hospital to a plan. A hospital has at most one active subscription; a second one is rejected with CONFLICT. Each period is invoiced on its
/// first day, and the subscription renews itself until it is cancelled.
/// </summary>
/// <param name="HospitalId">The ID of the hospital.</param>
/// <param name="PlanId">The ID of the plan.</param>
/// <param name="StartDate">
/// The first day, in the hospital's time zone, at most one year before or after today. If it is in the past, all periods until today are invoiced at once.
/// </param>
/// <param name="BillingCycle">The length of a billing period.</param>
[Tool("create_subscription", Effect.Create, Callers.Admins)]
public sealed record CreateSubscription(Guid HospitalId, Guid PlanId, DateOnly StartDate, BillingCycle BillingCycle) : ITool<Subscription>;

/// <summary>
/// Changes a subscription. Omitted fields stay unchanged. Another plan applies from today: an invoice credits the days of the period that are left of the old
/// plan, including today, and charges them at the new plan. The subscription of an inactive hospital cannot be changed, only cancelled.
/// </summary>
/// <param name="SubscriptionId">The ID of the subscription.</param>
/// <param name="PlanId">The ID of the new plan. <example>"01980000-0000-7000-9000-000000000003"</example></param>
/// <param name="AutoRenew">
/// Whether the subscription renews itself. true also reverts a cancellation at the end of the period; false lets the subscription expire then.
/// </param>
/// <param name="ExpectedVersion">The expected version of the subscription; the change is rejected if the subscription is no longer at this version.</param>
[Tool("update_subscription", Effect.Update, Callers.Admins)]
public sealed record UpdateSubscription(Guid SubscriptionId, Guid? PlanId = null, bool? AutoRenew = null, [property: NotAField] long? ExpectedVersion = null)
    : ITool<Subscription>;

/// <summary>
/// Cancels a subscription, at the end of the current period or at once. A cancellation at the end of the period can be reverted until then by
/// update_subscription with auto_renew true. An immediate cancellation issues a credit note for the days that are left, including today. Before the
/// subscription begins, an immediate cancellation charges nothing; a cancellation at the end of the period lets the first period run, and it is charged.
/// </summary>
/// <param name="SubscriptionId">The ID of the subscription.</param>
/// <param name="Reason">The reason for the cancellation. <example>"The hospital closes."</example></param>
/// <param name="Immediate">Whether the subscription ends at once; by default it ends at the end of the period.</param>
/// <param name="ExpectedVersion">The expected version of the subscription; the change is rejected if the subscription is no longer at this version.</param>
[Tool("cancel_subscription", Effect.Delete, Callers.Admins, RequiresStepUp = true)]
public sealed record CancelSubscription(
    Guid SubscriptionId,
    [property: MaxLength(500), Multiline] string? Reason = null,
    bool Immediate = false,
    long? ExpectedVersion = null) : ITool<Subscription>;

/// <summary>Represents the event that a hospital subscribed to a plan.</summary>
[LiveResource("subscriptions")]
public sealed record SubscriptionCreated(Subscription Subscription) : IntegrationEvent(Subscription.HospitalId, Subscription.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, Subscription, new(Callers.Admins));
}

/// <summary>Represents the event that a subscription was changed, was renewed, is going to end, or expired.</summary>
[LiveResource("subscriptions")]
public sealed record SubscriptionUpdated(Subscription Subscription) : IntegrationEvent(Subscription.HospitalId, Subscription.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Subscription, new(Callers.Admins));
}

/// <summary>Represents the event that a subscription ended because it was cancelled. It remains readable.</summary>
[LiveResource("subscriptions")]
public sealed record SubscriptionCancelled(Subscription Subscription) : IntegrationEvent(Subscription.HospitalId, Subscription.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, Subscription, new(Callers.Admins));
}
