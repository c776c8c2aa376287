using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical;

/// <summary>Represents that a user acts for a patient at the moment of the query. The view <c>represented_patients</c> defines when that is.</summary>
[PersonalData(OnErasure.Keep, nameof(RepresentedPatient.PatientId), nameof(RepresentedPatient.UserId), IsExported = false)]
internal sealed class RepresentedPatient : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid PatientId { get; init; }
    public Guid UserId { get; init; }

    /// <summary>Gets whether the user sees all of the patient: also restricted records, referrals, emergency overrides and the audit trail.</summary>
    public bool SeesRestricted { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<RepresentedPatient>
    {
        public void Configure(EntityTypeBuilder<RepresentedPatient> represented) => represented.ToView("represented_patients").HasNoKey();
    }
}
