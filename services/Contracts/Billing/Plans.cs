namespace MedCor.Contracts.Billing;

/// <summary>The size of hospital that a plan is made for.</summary>
public enum PlanType { Basic, Professional, Enterprise }

/// <summary>How much is paid for at once.</summary>
public enum BillingCycle { Monthly, Quarterly, Annual }

/// <summary>What a period costs, by the cycle that it is paid in.</summary>
public sealed record PlanPrices(string Monthly, string Quarterly, string Annual);

/// <summary>What a hospital can subscribe to.</summary>
/// <param name="Prices">Decimal amounts.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="MaxDoctors">As many as the price is meant for; null for any number. Agreed, not enforced.</param>
/// <param name="MaxPatients">As many as the price is meant for; null for any number. Agreed, not enforced.</param>
[Resource("subscription_plans", Callers.Admins)]
public sealed record SubscriptionPlan(
    Guid Id,
    string Name,
    PlanType PlanType,
    string Description,
    PlanPrices Prices,
    string Currency,
    int? MaxDoctors,
    int? MaxPatients,
    IReadOnlyList<string> Features,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);

/// <summary>Lists the plans that a hospital can subscribe to, the cheapest first.</summary>
/// <param name="IsActive">Only those that can be subscribed to now, or only those that cannot any more; both unless given.</param>
[Tool("list_subscription_plans", Effect.Read, Callers.Admins, IsReferenceData = true)]
public sealed record ListSubscriptionPlans(PlanType? PlanType = null, bool? IsActive = null) : PagedTool<SubscriptionPlan>;
