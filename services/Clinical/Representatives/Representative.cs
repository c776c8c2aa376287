using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Representatives;

/// <summary>Represents that a user acts for a patient, as a guardian or proxy, until an instant.</summary>
[PersonalData(OnErasure.Keep, nameof(Representative.PatientId), nameof(Representative.UserId))]
internal sealed class Representative : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid UserId { get; init; }
    public required RepresentativeKind Kind { get; init; }

    /// <summary>Gets whether the user sees all of the patient: also restricted records, referrals, emergency overrides and the audit trail.</summary>
    public required bool SeesRestricted { get; init; }

    [Encrypted]
    public required string Reason { get; init; }

    /// <summary>Gets the last day, in the hospital's time zone.</summary>
    public required DateOnly Until { get; init; }
    public required DateTimeOffset EndsAt { get; set; }
    public required Guid RegisteredBy { get; init; }

    /// <summary>Gets or sets the user who ended the relation before its time; null when nobody did.</summary>
    public Guid? EndedBy { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Representative>
    {
        public void Configure(EntityTypeBuilder<Representative> representative) =>
            representative.ToTable("representatives").HasKey(r => new { r.HospitalId, r.Id });
    }
}
