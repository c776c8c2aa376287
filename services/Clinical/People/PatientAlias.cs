using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.People;

/// <summary>Represents the merge of a duplicate: the ID of the merged patient stands for the surviving one as long as the merge lasts.</summary>
[PersonalData(OnErasure.Keep, nameof(PatientAlias.SurvivingId), nameof(PatientAlias.MergedId), IsExported = false)]
internal sealed class PatientAlias : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid MergeId { get; init; }
    public required Guid SurvivingId { get; init; }
    public required Guid MergedId { get; init; }
    public required bool IsMerged { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<PatientAlias>
    {
        public void Configure(EntityTypeBuilder<PatientAlias> alias) => alias.ToTable("patient_merges").HasKey(a => new { a.HospitalId, a.MergeId });
    }
}
