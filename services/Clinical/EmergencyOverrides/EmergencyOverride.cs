using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.EmergencyOverrides;

/// <summary>Represents that a user has opened the clinical content of a patient in an emergency, until an instant.</summary>
[PersonalData(OnErasure.Keep, nameof(EmergencyOverride.PatientId))]
internal sealed class EmergencyOverride : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid UserId { get; init; }

    [Encrypted]
    public required string Reason { get; init; }
    public required int Minutes { get; init; }
    public required DateTimeOffset EndsAt { get; set; }
    public bool IsReviewed { get; private set; }
    public bool? IsJustified { get; private set; }
    public Guid? ReviewedBy { get; private set; }
    public DateTimeOffset? ReviewedAt { get; private set; }

    [Encrypted]
    public string? ReviewComment { get; private set; }

    /// <summary>Records a review. An override that is not justified ends, unless it has ended before.</summary>
    internal void Review(ReviewEmergencyOverride request, Guid reviewer, DateTimeOffset now)
    {
        (IsReviewed, IsJustified, ReviewedBy, ReviewedAt, ReviewComment) = (true, request.IsJustified, reviewer, now, request.Comment);
        if (!request.IsJustified && EndsAt > now) EndsAt = now;
    }

    internal Contracts.Clinical.EmergencyOverride ToContract(DateTimeOffset now) => new(
        Id: Id,
        HospitalId: HospitalId,
        PatientId: PatientId,
        UserId: UserId,
        Reason: Reason,
        Minutes: Minutes,
        EndsAt: EndsAt,
        IsActive: EndsAt > now,
        IsReviewed: IsReviewed,
        IsJustified: IsJustified,
        ReviewedBy: ReviewedBy,
        ReviewedAt: ReviewedAt,
        ReviewComment: ReviewComment,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<EmergencyOverride>
    {
        public void Configure(EntityTypeBuilder<EmergencyOverride> emergency) =>
            emergency.ToTable("emergency_overrides").HasKey(e => new { e.HospitalId, e.Id });
    }
}
