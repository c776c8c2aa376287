using MedCor.Contracts;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Limits = MedCor.Contracts.Identity.SignInPolicy;

namespace MedCor.Identity.Hospitals;

/// <summary>Represents the rules by which the users of a hospital sign in. A hospital has at most one row of them.</summary>
[NoPersonalData]
internal sealed class SignInPolicy : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }

    /// <summary>Gets or sets whether a password that somebody else chose for a new user stays valid.</summary>
    public required bool AcceptsChosenPasswords { get; set; }

    /// <summary>Gets or sets the roles whose users must have a second factor.</summary>
    public List<Role> SecondFactorRoles { get; set; } = [];

    public int IdleMinutes { get; set; } = Limits.MaxIdleMinutes;
    public int MaxSessionHours { get; set; } = Limits.LongestSessionHours;

    /// <summary>Gets or sets how many minutes ago callers of tools that require step-up may have logged in; null for any time.</summary>
    public int? StepUpMinutes { get; set; }

    /// <summary>Gets the time without a refresh after which a session ends.</summary>
    internal TimeSpan IdleTimeout => TimeSpan.FromMinutes(IdleMinutes);

    /// <summary>Gets the time after which a session ends, however often it is refreshed; the user must then log in again.</summary>
    internal TimeSpan MaxLifetime => TimeSpan.FromHours(MaxSessionHours);

    internal Limits ToContract() => new(HospitalId, AcceptsChosenPasswords, SecondFactorRoles, IdleMinutes, MaxSessionHours, StepUpMinutes, Version);

    internal sealed class Configuration : IEntityTypeConfiguration<SignInPolicy>
    {
        public void Configure(EntityTypeBuilder<SignInPolicy> policy)
        {
            policy.ToTable("sign_in_policies").HasKey(p => p.HospitalId);
            policy.HasOne<HospitalCopy>().WithOne().HasForeignKey<SignInPolicy>(p => p.HospitalId);
            policy.Ignore(p => p.Id);
            policy.PrimitiveCollection(p => p.SecondFactorRoles).ElementType(role => role.HasConversion<EnumNameConverter<Role>>());
        }
    }
}
