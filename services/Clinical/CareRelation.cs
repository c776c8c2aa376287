using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical;

/// <summary>Specifies why a patient is in the care of a user.</summary>
internal enum CareBasis
{
    /// <summary>The user is the doctor of a visit.</summary>
    Visit,
    /// <summary>The user is a nurse, and the patient has a visit at the hospital within days. It is no reason to see restricted records.</summary>
    Shift,
    /// <summary>The patient was referred to the user. It is no reason to change what others have written.</summary>
    Referral,
    /// <summary>The user has opened the patient's content in an emergency. It is no reason to change what others have written.</summary>
    Emergency,
}

/// <summary>Represents that a patient is in the care of a user at the moment of the query. The view <c>care_relations</c> defines when that is.</summary>
[PersonalData(OnErasure.Keep, nameof(CareRelation.PatientId), IsExported = false)]
internal sealed class CareRelation : ITenantOwned
{
    public Guid HospitalId { get; init; }
    public Guid PatientId { get; init; }
    public Guid UserId { get; init; }
    public CareBasis Basis { get; init; }

    internal sealed class Configuration : IEntityTypeConfiguration<CareRelation>
    {
        public void Configure(EntityTypeBuilder<CareRelation> relation) => relation.ToView("care_relations").HasNoKey();
    }
}
