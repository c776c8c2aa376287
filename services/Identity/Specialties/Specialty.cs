using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Specialties;

/// <summary>Represents a medical specialty. Specialties belong to the platform and are the same for every hospital.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class Specialty : Entity
{
    public required string Code { get; init; }
    public required string Name { get; set; }
    public string? Description { get; set; }
    public bool IsActive { get; set; } = true;

    internal Contracts.Identity.Specialty ToContract() => new(Id, Code, Name, Description, IsActive, Version, CreatedAt, UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Specialty>
    {
        public void Configure(EntityTypeBuilder<Specialty> specialty) => specialty.ToTable("specialties").HasKey(s => s.Id);
    }
}
