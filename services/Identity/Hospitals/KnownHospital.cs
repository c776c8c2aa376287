using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Hospitals;

/// <summary>What is kept here of a hospital: whether its people may log in.</summary>
internal sealed class KnownHospital : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required bool IsActive { get; init; }

    /// <summary>The version of the hospital that this was taken from.</summary>
    public required long Version { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<KnownHospital>
    {
        public void Configure(EntityTypeBuilder<KnownHospital> hospital) => hospital.ToTable("hospitals").HasKey(h => h.HospitalId);
    }
}
