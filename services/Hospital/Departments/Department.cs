using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Hospital.Departments;

[NoPersonalData]
internal sealed class Department : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required string Name { get; init; }
    public required string Code { get; init; }
    public string? Description { get; init; }
    public string? PhoneNumber { get; init; }
    public string? Location { get; init; }
    public int[] TriageLevels { get; init; } = [];
    public bool IsActive { get; init; } = true;

    internal Contracts.Hospital.Department ToContract() =>
        new(
            Id: Id,
            HospitalId: HospitalId,
            Name: Name,
            Code: Code,
            Description: Description,
            PhoneNumber: PhoneNumber,
            Location: Location,
            TriageLevels: TriageLevels,
            IsActive: IsActive,
            Version: Version,
            CreatedAt: CreatedAt,
            UpdatedAt: UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Department>
    {
        public void Configure(EntityTypeBuilder<Department> department)
        {
            department.ToTable("departments").HasKey(d => new { d.HospitalId, d.Id });
            // The relationship makes EF Core insert a new hospital before its departments.
            department.HasOne<Hospitals.Hospital>().WithMany().HasForeignKey(d => d.HospitalId);
        }
    }
}
