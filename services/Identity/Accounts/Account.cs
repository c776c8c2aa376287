using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>A person with an account. Doctors and patients are the same row: one id, one version.</summary>
internal sealed class Account : Entity, ITenantOwned
{
    /// <summary>None for a platform administrator, whom no hospital can see.</summary>
    public Guid? HospitalId { get; init; }

    public required string Email
    {
        get;
        set
        {
            field = value;
            EmailKey = EmailAddresses.GetLookupKey(value);
        }
    }

    /// <summary>The e-mail address as it is compared.</summary>
    public string EmailKey { get; private set; } = "";

    public required string FirstName { get; set; }
    public required string LastName { get; set; }
    public required Role Role { get; set; }
    public string? PhoneNumber { get; set; }
    public DateOnly? DateOfBirth { get; set; }
    public string? LicenseNumber { get; set; }
    public int? YearsOfExperience { get; set; }
    public bool IsAvailable { get; set; } = true;
    public bool IsActive { get; set; } = true;

    /// <summary>What a search looks in; the database computes it.</summary>
    public string SearchText { get; private init; } = "";

    public List<DoctorSpecialtyLink> SpecialtyLinks { get; init; } = [];
    public Credential? Credential { get; init; }
    public HospitalCopy? Hospital { get; init; }

    Guid ITenantOwned.HospitalId => HospitalId ?? Guid.Empty;

    /// <summary>Whether they may have a session at all.</summary>
    internal bool CanLogIn => IsActive && (HospitalId is null || Hospital is { IsActive: true });

    /// <summary>Tells what became of them, in every shape in which they are known.</summary>
    internal void RaiseChanged(TenantDb db, Func<User, IntegrationEvent> asUser, bool isNew = false)
    {
        db.Raise(() => asUser(ToUser()));
        if (Role == Role.Doctor) db.Raise(() => new DoctorUpdated(ToDoctor()));
        if (Role == Role.Patient) db.Raise(() => isNew ? new PatientRegistered(ToPatient()) : new PatientUpdated(ToPatient()));
    }

    /// <summary>Tells that they are not any more what they were: who keeps doctors or patients must not go on with this one.</summary>
    internal void RaiseRoleEnded(TenantDb db, Role former)
    {
        if (former == Role.Doctor) db.Raise(() => new DoctorUpdated(ToDoctor() with { IsActive = false }));
        if (former == Role.Patient) db.Raise(() => new PatientUpdated(ToPatient() with { IsActive = false }));
    }

    internal User ToUser() => new(
        Id, HospitalId, Email, FirstName, LastName, Role, PhoneNumber, DateOfBirth, LicenseNumber, YearsOfExperience, IsActive, Version, CreatedAt, UpdatedAt);

    internal Doctor ToDoctor() => new(
        Id, HospitalId!.Value, Email, FirstName, LastName, PhoneNumber, LicenseNumber, YearsOfExperience,
        [.. SpecialtyLinks.OrderByDescending(p => p.IsPrimary).ThenBy(p => p.Specialty!.Name, StringComparer.Ordinal).Select(p => p.ToContract())],
        IsAvailable, IsActive, Version, CreatedAt, UpdatedAt);

    internal Patient ToPatient() => new(
        Id, HospitalId!.Value, Email, FirstName, LastName, PhoneNumber, DateOfBirth, IsActive, Version, CreatedAt, UpdatedAt);

    internal sealed class Configuration : IEntityTypeConfiguration<Account>
    {
        public void Configure(EntityTypeBuilder<Account> account)
        {
            account.ToTable("users").HasKey(a => a.Id);
            account.Property(a => a.SearchText).ValueGeneratedOnAddOrUpdate();
            account.HasMany(a => a.SpecialtyLinks).WithOne().HasForeignKey(p => p.DoctorId);
            account.HasOne(a => a.Credential).WithOne().HasForeignKey<Credential>(c => c.UserId);
            account.HasOne(a => a.Hospital).WithMany().HasForeignKey(a => a.HospitalId);
        }
    }
}
