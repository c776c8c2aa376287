using MedCor.Contracts;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.People;

/// <summary>Represents a user of a hospital, without a name.</summary>
internal sealed class PersonRow : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid UserId { get; init; }
    public Role Role { get; init; }
    public bool IsActive { get; init; }
    public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Gets the best estimate of when a doctor was active, until <see cref="PrimarySpecialty.ActivePeriods"/> is known.</summary>
    internal ActivePeriods EstimatedPeriods => new([new(RegisteredAt)]);

    internal sealed class Configuration : IEntityTypeConfiguration<PersonRow>
    {
        public void Configure(EntityTypeBuilder<PersonRow> person) => person.ToTable("people").HasKey(p => new { p.HospitalId, p.UserId });
    }
}
