using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.People;

/// <summary>Represents a member of staff or a patient of a hospital: a local copy at the newest version that was received.</summary>
[PersonalData(OnErasure.Keep, nameof(PersonCopy.Id), IsExported = false)]
internal sealed class PersonCopy : ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid Id { get; init; }
    public required Role Role { get; init; }
    public required string FirstName { get; init; }
    public required string LastName { get; init; }
    public required bool IsActive { get; init; }
    public required long Version { get; init; }

    /// <summary>Gets whether a doctor takes appointments at present.</summary>
    public bool IsAvailable { get; init; } = true;
    public long AvailableVersion { get; init; }

    /// <summary>Gets whether this is a program with a service account, which has nobody in its care.</summary>
    public bool IsProgram { get; init; }

    /// <summary>Returns the errors, by field, that prevent new entries for a doctor or patient who is no longer active.</summary>
    internal static Dictionary<string, List<string>> ValidateActive(PersonCopy? doctor, PersonCopy patient)
    {
        var errors = new Dictionary<string, List<string>>();
        if (doctor is { IsActive: false }) errors.Add("doctor_id", ["is an inactive doctor"]);
        if (!patient.IsActive) errors.Add("patient_id", [Patient.InactiveError]);
        return errors;
    }

    internal string Name => $"{FirstName} {LastName}";

    /// <summary>Creates a copy of a user; returns null for a platform administrator, who neither works nor is treated in a hospital.</summary>
    internal static PersonCopy? From(User u) =>
        u.HospitalId is { } hospital
            ? Create(hospital, u.Id, u.Role, u.FirstName, u.LastName, u.IsActive, u.Version,
                isProgram: u.Email?.EndsWith($"@{ServiceAccount.EmailDomain}", StringComparison.Ordinal) == true)
            : null;

    internal static PersonCopy From(Patient p) => Create(p.HospitalId, p.Id, Role.Patient, p.FirstName, p.LastName, p.IsActive, p.Version);

    internal static PersonCopy From(Doctor d) => Create(d.HospitalId, d.Id, Role.Doctor, d.FirstName, d.LastName, d.IsActive, d.Version, d.IsAvailable);

    private static PersonCopy Create(Guid hospital, Guid id, Role role, string firstName, string lastName, bool isActive, long version,
        bool? available = null, bool isProgram = false) => new()
        {
            HospitalId = hospital,
            Id = id,
            Role = role,
            FirstName = firstName,
            LastName = lastName,
            IsActive = isActive,
            Version = version,
            IsAvailable = available ?? true,
            AvailableVersion = available is null ? 0 : version,
            IsProgram = isProgram,
        };

    internal sealed class Configuration : IEntityTypeConfiguration<PersonCopy>
    {
        public void Configure(EntityTypeBuilder<PersonCopy> person) => person.ToTable("people").HasKey(p => new { p.HospitalId, p.Id });
    }
}
