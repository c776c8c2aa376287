using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Corrections;

/// <summary>Represents a request to correct a patient's name or date of birth. A value that is null stays as it is.</summary>
[PersonalData(OnErasure.Delete, nameof(Correction.PatientId))]
internal sealed class Correction : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid RequestedBy { get; init; }
    public required string? FirstName { get; init; }
    public required string? LastName { get; init; }
    public required DateOnly? DateOfBirth { get; init; }
    public CorrectionStatus Status { get; private set; } = CorrectionStatus.Open;
    public Guid? DecidedBy { get; private set; }
    public DateTimeOffset? DecidedAt { get; private set; }

    /// <summary>Records that a later request has replaced this one.</summary>
    internal void Replace() => Status = CorrectionStatus.Replaced;

    /// <summary>Records a decision.</summary>
    internal void Decide(CorrectionStatus decision, Guid decidedBy, DateTimeOffset now) => (Status, DecidedBy, DecidedAt) = (decision, decidedBy, now);

    /// <summary>Corrects the patient.</summary>
    internal void ApplyTo(Account patient)
    {
        patient.FirstName = FirstName ?? patient.FirstName;
        patient.LastName = LastName ?? patient.LastName;
        patient.DateOfBirth = DateOfBirth ?? patient.DateOfBirth;
    }

    internal CorrectionRequest ToContract() => new(
        Id: Id,
        HospitalId: HospitalId,
        PatientId: PatientId,
        FirstName: FirstName,
        LastName: LastName,
        DateOfBirth: DateOfBirth,
        Status: Status,
        RequestedBy: RequestedBy,
        DecidedBy: DecidedBy,
        DecidedAt: DecidedAt,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Correction>
    {
        public void Configure(EntityTypeBuilder<Correction> correction) =>
            correction.ToTable("correction_requests").HasKey(c => new { c.HospitalId, c.Id });
    }
}
