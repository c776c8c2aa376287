using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.People;

/// <summary>What this service needs to know of a hospital: a copy, at the version that was last heard of.</summary>
internal sealed class Hospital : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required string TimeZone { get; init; }
    public required bool IsActive { get; init; }
    public required long Version { get; init; }

    internal static Hospital From(Contracts.Hospital.Hospital h) => new() { HospitalId = h.Id, TimeZone = h.TimeZone, IsActive = h.IsActive, Version = h.Version };

    internal sealed class Table : IEntityTypeConfiguration<Hospital>
    {
        public void Configure(EntityTypeBuilder<Hospital> hospital) => hospital.ToTable("hospitals").HasKey(h => h.HospitalId);
    }
}
