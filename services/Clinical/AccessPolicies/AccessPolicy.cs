using MedCor.Contracts.Clinical;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.AccessPolicies;

/// <summary>
/// Represents who sees the clinical content of a hospital. A hospital has at most one row of it. The view <c>care_periods</c> repeats the defaults of the days.
/// </summary>
[NoPersonalData]
internal sealed class AccessPolicy : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public AccessMode Mode { get; set; } = AccessMode.Open;
    public int VisitDays { get; set; } = 365;
    public int NurseDays { get; set; } = 1;

    /// <summary>Gets or sets the users who are told of emergency overrides, besides the administrators.</summary>
    public Guid[] NotifiedUserIds { get; set; } = [];

    /// <summary>Gets or sets the administrator who made the latest change.</summary>
    public Guid? ChangedBy { get; set; }

    internal Contracts.Clinical.AccessPolicy ToContract() =>
        new(HospitalId, Mode, VisitDays, NurseDays, [.. NotifiedUserIds.Select(id => new NotifiedUser(id))], ChangedBy, Version);

    internal sealed class Configuration : IEntityTypeConfiguration<AccessPolicy>
    {
        public void Configure(EntityTypeBuilder<AccessPolicy> policy)
        {
            policy.ToTable("access_policies").HasKey(p => p.HospitalId);
            policy.HasOne<HospitalCopy>().WithOne().HasForeignKey<AccessPolicy>(p => p.HospitalId);
            policy.Ignore(p => p.Id);
        }
    }
}
