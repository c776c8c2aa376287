using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Referrals;

/// <summary>Represents a referral of a patient to a doctor or nurse until an instant.</summary>
[PersonalData(OnErasure.Keep, nameof(Referral.PatientId))]
internal sealed class Referral : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid UserId { get; init; }
    public required Guid ReferredBy { get; init; }

    [Encrypted]
    public required string Reason { get; init; }

    /// <summary>Gets the last day, in the hospital's time zone.</summary>
    public required DateOnly Until { get; init; }
    public required DateTimeOffset EndsAt { get; set; }

    internal Contracts.Clinical.Referral ToContract(DateTimeOffset now) => new(
        Id: Id,
        HospitalId: HospitalId,
        PatientId: PatientId,
        UserId: UserId,
        ReferredBy: ReferredBy,
        Reason: Reason,
        Until: Until,
        EndsAt: EndsAt,
        IsActive: EndsAt > now,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Referral>
    {
        public void Configure(EntityTypeBuilder<Referral> referral) => referral.ToTable("referrals").HasKey(r => new { r.HospitalId, r.Id });
    }
}
