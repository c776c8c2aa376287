using MedCor.Contracts.Identity;
using MedCor.Identity.Specialties;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>Links a doctor to a specialty that the doctor practices.</summary>
[PersonalData(OnErasure.Keep, nameof(DoctorSpecialtyLink.DoctorId))]
internal sealed class DoctorSpecialtyLink : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid DoctorId { get; init; }
    public required Guid SpecialtyId { get; init; }
    public bool IsPrimary { get; set; }
    public int? YearsOfExperience { get; set; }
    public DateOnly? CertificationDate { get; set; }

    public Specialties.Specialty? Specialty { get; init; }

    internal DoctorSpecialty ToContract() => new(SpecialtyId, Specialty!.Code, Specialty.Name, IsPrimary, YearsOfExperience, CertificationDate);

    internal sealed class Configuration : IEntityTypeConfiguration<DoctorSpecialtyLink>
    {
        public void Configure(EntityTypeBuilder<DoctorSpecialtyLink> link)
        {
            link.ToTable("practices").HasKey(p => new { p.HospitalId, p.DoctorId, p.SpecialtyId });
            link.HasOne(p => p.Specialty).WithMany().HasForeignKey(p => p.SpecialtyId);
        }
    }
}
