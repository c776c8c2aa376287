using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.People;

/// <summary>Who works or is treated here: a copy, at the version that was last heard of.</summary>
internal sealed class Person : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid Id { get; init; }
    public required Role Role { get; init; }
    public required string FirstName { get; init; }
    public required string LastName { get; init; }
    public required bool IsActive { get; init; }
    public required long Version { get; init; }

    internal string Name => $"{FirstName} {LastName}";

    /// <summary>Nobody for a platform administrator, who neither works nor is treated in a hospital.</summary>
    internal static Person? From(User u) => u.HospitalId is not { } hospital ? null : new()
    {
        HospitalId = hospital,
        Id = u.Id,
        Role = u.Role,
        FirstName = u.FirstName,
        LastName = u.LastName,
        IsActive = u.IsActive,
        Version = u.Version,
    };

    internal sealed class Table : IEntityTypeConfiguration<Person>
    {
        public void Configure(EntityTypeBuilder<Person> person) => person.ToTable("people").HasKey(p => new { p.HospitalId, p.Id });
    }
}
