using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Billing;

/// <summary>Specifies the size of hospital for which a plan is intended.</summary>
public enum PlanType { Basic, Professional, Enterprise }

/// <summary>Specifies the length of a billing period.</summary>
public enum BillingCycle { Monthly, Quarterly, Annual }

/// <summary>Represents the price of a period, by billing cycle.</summary>
/// <param name="Monthly"><example>"149.00"</example></param>
/// <param name="Quarterly"><example>"420.00"</example></param>
/// <param name="Annual"><example>"1590.00"</example></param>
public sealed record PlanPrices(string Monthly, string Quarterly, string Annual);

/// <summary>Represents a plan to which a hospital can subscribe.</summary>
/// <param name="Id"><example>"01980000-0000-7000-9000-000000000002"</example></param>
/// <param name="Name"><example>"Professional"</example></param>
/// <param name="Description"><example>"For a hospital with several departments."</example></param>
/// <param name="Prices">The prices, as decimal amounts.</param>
/// <param name="Currency">The ISO 4217 currency code. <example>"EUR"</example></param>
/// <param name="MaxDoctors">The number of doctors for which the price is intended; null for any number. The limit is agreed, not enforced.</param>
/// <param name="MaxPatients">The number of patients for which the price is intended; null for any number. The limit is agreed, not enforced.</param>
[Resource("subscription_plans", Callers.Admins)]
[Audited(AuditKind.Administration, RecordsReads = false)]
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

/// <summary>Lists the plans to which a hospital can subscribe, the cheapest first.</summary>
/// <param name="PlanType">The type of the plans that are listed.</param>
/// <param name="IsActive">
/// Whether to list only plans that are available for subscription (true) or only those that no longer are (false); both by default.
/// </param>
[Tool("list_subscription_plans", Effect.Read, Callers.Admins, IsReferenceData = true)]
public sealed record ListSubscriptionPlans(PlanType? PlanType = null, bool? IsActive = null) : PagedTool<SubscriptionPlan>;
