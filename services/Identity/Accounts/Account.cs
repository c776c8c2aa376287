using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Database;
using MedCor.Platform.LocalCopies;
using MedCor.Platform.Tenancy;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Accounts;

/// <summary>Represents a user account. A doctor or patient is the same row as the user, with one id and one version.</summary>
// The name, the date of birth and the numbers say whose a medical record is, as long as the record is kept. EraseUser removes the rest.
[PersonalData(OnErasure.Keep, nameof(Account.Id), nameof(Account.MergedIntoId))]
internal sealed class Account : Entity, ITenantOwned
{
    /// <summary>Gets the hospital of the user; null for a platform administrator, whose account no hospital can see.</summary>
    public Guid? HospitalId { get; init; }

    /// <summary>
    /// Gets or sets the e-mail address at which the hospital reaches the user; null for a patient who has none. Others may have the same one: the address with
    /// which somebody logs in is that of <see cref="Login"/>.
    /// </summary>
    public required string? Email
    {
        get;
        set
        {
            field = value;
            EmailKey = value is null ? null : EmailAddresses.GetLookupKey(value);
        }
    }

    /// <summary>Gets the e-mail address in the form that comparisons use.</summary>
    [NotExported]
    public string? EmailKey { get; private set; }

    public required string FirstName { get; set; }
    public required string LastName { get; set; }
    public required Role Role { get; set; }
    public string? PhoneNumber { get; set; }
    public DateOnly? DateOfBirth { get; set; }

    /// <summary>Gets or sets the medical record number; null for a user who has never been a patient.</summary>
    public string? Mrn { get; set; }

    /// <summary>Gets or sets the demographic data of a patient; empty for others.</summary>
    public Demographics Demographics { get; set; } = Demographics.None;

    /// <summary>Gets or sets the patient into whom this duplicate was merged; null otherwise.</summary>
    public Guid? MergedIntoId { get; set; }

    public string? LicenseNumber { get; set; }
    public int? YearsOfExperience { get; set; }
    public bool IsAvailable { get; set; } = true;
    public bool IsActive { get; set; } = true;

    /// <summary>Gets when the user was erased; null for any other.</summary>
    public DateTimeOffset? ErasedAt { get; private set; }

    /// <summary>Gets or sets the periods in which the user was an active doctor.</summary>
    public ActivePeriods DoctorPeriods { get; set; } = ActivePeriods.None;

    /// <summary>Gets or sets the scopes of a service account, separated by spaces; null for a person.</summary>
    public string? ServiceScope { get; set; }

    /// <summary>Gets or sets the public keys of a service account, as a JSON Web Key Set; null when it has none.</summary>
    public string? ServiceJwks { get; set; }

    /// <summary>Gets the text that a search looks in, computed by the database.</summary>
    [NotExported]
    public string SearchText { get; private init; } = "";

    public List<DoctorSpecialtyLink> SpecialtyLinks { get; init; } = [];
    public Membership? Membership { get; init; }
    public HospitalCopy? Hospital { get; init; }

    Guid ITenantOwned.HospitalId => HospitalId ?? Guid.Empty;

    /// <summary>Gets the login that opens the user; null when none does, and when the membership was not read.</summary>
    internal Login? Login => Membership?.Login;

    /// <summary>
    /// Gets whether the user logs in: by a login, or by one that its owner is still asked to link. Callers are not told one from the other, because the latter
    /// has users of other hospitals.
    /// </summary>
    internal bool HasLogin => Membership is { LoginId: not null } or { AwaitsLogin: true };

    /// <summary>Gets whether anybody has been the user so far. With the address, somebody else would take the account over.</summary>
    internal bool IsUsed => Login is { EmailVerifiedAt: not null } || Membership is { LastLoginAt: not null };

    /// <summary>Gets whether the user may have a session: the account is active, and so is its hospital if it has one.</summary>
    internal bool CanLogIn => IsActive && (HospitalId is null || Hospital is { IsActive: true });

    /// <summary>
    /// Removes the contact data and deactivates the account. The name, the date of birth, the gender and the numbers of a patient stay: they say whose the
    /// records of the hospital are.
    /// </summary>
    internal void Erase(DateTimeOffset now)
    {
        (ErasedAt, IsActive) = (now, false);
        (Email, PhoneNumber, LicenseNumber, YearsOfExperience) = (null, null, null, null);
        Demographics = Demographics with { Language = null, Address = null, Contacts = [], NextOfKin = [] };
    }

    /// <summary>Raises the events that describe the state of the account: as a user, and as a doctor or a patient when that is the role.</summary>
    internal void RaiseChanged(TenantDb db, Func<User, IntegrationEvent> createEvent, bool isNew = false)
    {
        DoctorPeriods = DoctorPeriods.Continue(IsActive && Role == Role.Doctor, db.UtcNow);
        db.Raise(() => createEvent(ToUser()));
        if (Role == Role.Doctor) db.Raise(ToDoctorUpdated);
        if (Role == Role.Patient) db.Raise(() => isNew ? new PatientRegistered(ToPatient()) : new PatientUpdated(ToPatient()));
    }

    /// <summary>
    /// Raises the event that deactivates the doctor or patient of the former role, so that services with copies of doctors or patients stop using this one.
    /// </summary>
    internal void RaiseRoleEnded(TenantDb db, Role previous)
    {
        if (previous == Role.Doctor) db.Raise(ToDoctorUpdated);
        if (previous == Role.Patient) db.Raise(() => new PatientUpdated(ToPatient() with { IsActive = false }));
    }

    internal User ToUser() => new(
        Id: Id,
        HospitalId: HospitalId,
        Email: Email,
        FirstName: FirstName,
        LastName: LastName,
        Role: Role,
        PhoneNumber: PhoneNumber,
        DateOfBirth: DateOfBirth,
        LicenseNumber: LicenseNumber,
        YearsOfExperience: YearsOfExperience,
        IsActive: IsActive,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt,
        Mrn: Mrn,
        Gender: Demographics.Gender,
        Language: Demographics.Language,
        Address: Demographics.Address,
        Contacts: Demographics.Contacts,
        NextOfKin: Demographics.NextOfKin,
        Identifiers: Demographics.Identifiers);

    /// <param name="hospitals">The other hospitals that the login opens.</param>
    internal SessionUser ToSessionUser(IReadOnlyList<UserHospital> hospitals) => new(
        Id: Id,
        HospitalId: HospitalId,
        Email: Email ?? Login!.Email,
        FirstName: FirstName,
        LastName: LastName,
        Role: Role,
        PhoneNumber: PhoneNumber,
        DateOfBirth: DateOfBirth,
        LicenseNumber: LicenseNumber,
        YearsOfExperience: YearsOfExperience,
        IsActive: IsActive,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt,
        Mrn: Mrn,
        Gender: Demographics.Gender,
        Language: Demographics.Language,
        Address: Demographics.Address,
        Contacts: Demographics.Contacts,
        NextOfKin: Demographics.NextOfKin,
        Identifiers: Demographics.Identifiers,
        Hospitals: hospitals);

    internal Doctor ToDoctor() => new(
        Id: Id,
        HospitalId: HospitalId!.Value,
        // A former doctor can be a patient without an address by now.
        Email: Email ?? "",
        FirstName: FirstName,
        LastName: LastName,
        PhoneNumber: PhoneNumber,
        LicenseNumber: LicenseNumber,
        YearsOfExperience: YearsOfExperience,
        Specialties: [.. SpecialtyLinks.OrderByDescending(p => p.IsPrimary).ThenBy(p => p.Specialty!.Name, StringComparer.Ordinal).Select(p => p.ToContract())],
        IsAvailable: IsAvailable,
        IsActive: IsActive,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    /// <summary>Creates the event that describes the doctor. A former doctor, who has another role by now, is described as inactive.</summary>
    internal DoctorUpdated ToDoctorUpdated() => new(ToDoctor() with { IsActive = IsActive && Role == Role.Doctor }) { ActivePeriods = DoctorPeriods };

    internal Patient ToPatient() => new(
        Id: Id,
        HospitalId: HospitalId!.Value,
        Email: Email,
        FirstName: FirstName,
        LastName: LastName,
        PhoneNumber: PhoneNumber,
        DateOfBirth: DateOfBirth,
        IsActive: IsActive,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt,
        Mrn: Mrn,
        Gender: Demographics.Gender,
        Language: Demographics.Language,
        Address: Demographics.Address,
        Contacts: Demographics.Contacts,
        NextOfKin: Demographics.NextOfKin,
        Identifiers: Demographics.Identifiers,
        MergedIntoId: MergedIntoId);

    internal sealed class Configuration : IEntityTypeConfiguration<Account>
    {
        public void Configure(EntityTypeBuilder<Account> account)
        {
            account.ToTable("users").HasKey(a => a.Id);
            account.Property(a => a.SearchText).ValueGeneratedOnAddOrUpdate();
            account.HasMany(a => a.SpecialtyLinks).WithOne().HasForeignKey(p => p.DoctorId);
            account.HasOne(a => a.Membership).WithOne().HasForeignKey<Membership>(m => m.UserId);
            account.HasOne(a => a.Hospital).WithMany().HasForeignKey(a => a.HospitalId);
        }
    }
}
