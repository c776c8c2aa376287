using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity.Accounts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Duplicates;

/// <summary>Represents two patients of a hospital who may be the same person.</summary>
[PersonalData(OnErasure.Keep, nameof(CandidatePair.FirstId), nameof(CandidatePair.SecondId), IsExported = false)]
internal sealed class CandidatePair : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid FirstId { get; init; }
    public required Guid SecondId { get; init; }
    public required int Score { get; init; }

    /// <summary>Gets the names of the reasons, with commas between them.</summary>
    public required string Reasons { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<CandidatePair>
    {
        public void Configure(EntityTypeBuilder<CandidatePair> pair) =>
            pair.ToTable("duplicate_candidates").HasKey(p => new { p.HospitalId, p.FirstId, p.SecondId });
    }
}

/// <summary>Represents a pair with both patients.</summary>
internal sealed class PairWithPatients
{
    public required CandidatePair Pair { get; init; }
    public required Account First { get; init; }
    public required Account Second { get; init; }

    internal DuplicateCandidate ToContract() => new(
        ToCandidate(First), ToCandidate(Second), Pair.Score, [.. Pair.Reasons.Split(',').Select(EnumNames.Parse<DuplicateReason>)]);

    private static CandidatePatient ToCandidate(Account account) => new(
        PatientId: account.Id,
        Mrn: account.Mrn,
        FirstName: account.FirstName,
        LastName: account.LastName,
        DateOfBirth: account.DateOfBirth,
        PhoneNumber: account.PhoneNumber,
        IsActive: account.IsActive);
}
