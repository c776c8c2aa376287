using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Analytics.People;

internal sealed class SpecialtyRow
{
    public Guid Id { get; init; }
    public string Code { get; init; } = "";
    public string Name { get; init; } = "";

    internal sealed class Configuration : IEntityTypeConfiguration<SpecialtyRow>
    {
        public void Configure(EntityTypeBuilder<SpecialtyRow> specialty) => specialty.ToTable("specialties").HasKey(s => s.Id);
    }
}
