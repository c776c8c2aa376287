using MedCor.Contracts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.People;

/// <summary>Represents the primary specialty of a doctor, and when the doctor was active.</summary>
internal sealed class PrimarySpecialty : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid DoctorId { get; init; }
    public Guid? SpecialtyId { get; init; }

    /// <summary>Gets the periods in which the doctor was active; null while they are unknown.</summary>
    public ActivePeriods? ActivePeriods { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<PrimarySpecialty>
    {
        public void Configure(EntityTypeBuilder<PrimarySpecialty> practice) => practice.ToTable("practices").HasKey(p => new { p.HospitalId, p.DoctorId });
    }
}
