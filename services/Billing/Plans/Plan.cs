using MedCor.Contracts;
using MedCor.Contracts.Billing;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Billing.Plans;

/// <summary>Represents a plan to which a hospital can subscribe. Prices are in minor units.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class Plan : Entity
{
    public required string Name { get; init; }
    public required PlanType PlanType { get; init; }
    public required string Description { get; init; }
    public required long Monthly { get; init; }
    public required long Quarterly { get; init; }
    public required long Annual { get; init; }
    public required string Currency { get; init; }
    public int? MaxDoctors { get; init; }
    public int? MaxPatients { get; init; }
    public required string[] Features { get; init; }
    public bool IsActive { get; init; }

    /// <summary>Returns the price of a period.</summary>
    internal long Price(BillingCycle cycle) => cycle switch
    {
        BillingCycle.Monthly => Monthly,
        BillingCycle.Quarterly => Quarterly,
        BillingCycle.Annual => Annual,
        _ => throw new ArgumentOutOfRangeException(nameof(cycle)),
    };

    internal SubscriptionPlan ToContract() => new(
        Id: Id,
        Name: Name,
        PlanType: PlanType,
        Description: Description,
        Prices: new(Money.Format(Monthly), Money.Format(Quarterly), Money.Format(Annual)),
        Currency: Currency,
        MaxDoctors: MaxDoctors,
        MaxPatients: MaxPatients,
        Features: Features,
        IsActive: IsActive,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Plan>
    {
        public void Configure(EntityTypeBuilder<Plan> plan) => plan.ToTable("plans").HasKey(p => p.Id);
    }
}

internal static class PlanQueries
{
    /// <summary>
    /// Returns the plan with an id, for a hospital to change to. Throws <see cref="NotFound"/> when there is
    /// none, and <see cref="Conflict"/> when the plan is inactive.
    /// </summary>
    internal static async Task<Plan> GetAvailableAsync(this IQueryable<Plan> plans, Guid id, CancellationToken ct)
    {
        var plan = await plans.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, ct) ?? throw new NotFound("plan");
        return plan.IsActive ? plan : throw new Conflict("The plan is inactive. list_subscription_plans lists the active plans.");
    }
}
