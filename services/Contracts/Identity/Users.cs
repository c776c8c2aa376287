using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Represents a user: a person with an account.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="HospitalId">The ID of the user's hospital; null for platform administrators.</param>
/// <param name="Email">The e-mail address; null for a patient who has none. <example>"patient@general.example"</example></param>
/// <param name="FirstName"><example>"Miriam"</example></param>
/// <param name="LastName"><example>"Schubert"</example></param>
/// <param name="Role"><example>"PATIENT"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="DateOfBirth">The date of birth of a patient. <example>"1984-05-17"</example></param>
/// <param name="LicenseNumber">The license number of a doctor. <example>null</example></param>
/// <param name="YearsOfExperience">The professional experience of a doctor, in years. <example>null</example></param>
/// <param name="Mrn">The medical record number of a patient, unique in the hospital. <example>"4711008150"</example></param>
/// <param name="Gender">The gender of a patient. <example>"FEMALE"</example></param>
/// <param name="Language">The language of a patient, as a tag of BCP 47. <example>"de"</example></param>
/// <param name="Address">The address of a patient.</param>
/// <param name="Contacts">Further ways to reach a patient; empty for others.</param>
/// <param name="NextOfKin">The persons who are told in an emergency of a patient; empty for others.</param>
/// <param name="Identifiers">The numbers that a patient has elsewhere; empty for others.</param>
[Resource("users", Callers.Everyone)]
[Audited(AuditKind.Demographic, Writes = AuditKind.Account)]
public sealed record User(
    Guid Id,
    Guid? HospitalId,
    string? Email,
    string FirstName,
    string LastName,
    Role Role,
    string? PhoneNumber,
    DateOnly? DateOfBirth,
    string? LicenseNumber,
    int? YearsOfExperience,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? Mrn = null,
    Gender? Gender = null,
    string? Language = null,
    PatientAddress? Address = null,
    [property: NeverNullInResponse] IReadOnlyList<PatientContact>? Contacts = null,
    [property: NeverNullInResponse] IReadOnlyList<NextOfKin>? NextOfKin = null,
    [property: NeverNullInResponse] IReadOnlyList<PatientIdentifier>? Identifiers = null);

/// <summary>Represents a user whose account was deactivated.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8001-000000000028"</example></param>
/// <param name="Email">The e-mail address; null for a patient who has none. <example>"patient@general.example"</example></param>
/// <param name="FirstName"><example>"Miriam"</example></param>
/// <param name="LastName"><example>"Schubert"</example></param>
/// <param name="Role"><example>"PATIENT"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="DateOfBirth"><example>"1984-05-17"</example></param>
/// <param name="LicenseNumber"><example>null</example></param>
/// <param name="YearsOfExperience"><example>null</example></param>
/// <param name="Mrn">The medical record number of a patient, unique in the hospital. <example>"4711008150"</example></param>
/// <param name="Gender">The gender of a patient. <example>"FEMALE"</example></param>
/// <param name="Language">The language of a patient, as a tag of BCP 47. <example>"de"</example></param>
/// <param name="Address">The address of a patient.</param>
/// <param name="Contacts">Further ways to reach a patient; empty for others.</param>
/// <param name="NextOfKin">The persons who are told in an emergency of a patient; empty for others.</param>
/// <param name="Identifiers">The numbers that a patient has elsewhere; empty for others.</param>
/// <param name="Affected">The upcoming appointments of the user, as a doctor or a patient, at most 100, the earliest first. They stay booked.</param>
/// <param name="AffectedCount">The number of upcoming appointments, counted up to 10,000.</param>
[Audited(AuditKind.Account, "users")]
public sealed record DeactivatedUser(
    Guid Id,
    Guid? HospitalId,
    string? Email,
    string FirstName,
    string LastName,
    Role Role,
    string? PhoneNumber,
    DateOnly? DateOfBirth,
    string? LicenseNumber,
    int? YearsOfExperience,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? Mrn,
    Gender? Gender,
    string? Language,
    PatientAddress? Address,
    IReadOnlyList<PatientContact> Contacts,
    IReadOnlyList<NextOfKin> NextOfKin,
    IReadOnlyList<PatientIdentifier> Identifiers,
    [property: MaxLength(100)] IReadOnlyList<AffectedAppointment> Affected,
    long AffectedCount);

/// <summary>Represents a user after a change.</summary>
/// <param name="HospitalId">The ID of the user's hospital; null for platform administrators.</param>
/// <param name="Email">The e-mail address; null for a patient who has none. <example>"patient@general.example"</example></param>
/// <param name="FirstName"><example>"Miriam"</example></param>
/// <param name="LastName"><example>"Schubert"</example></param>
/// <param name="Role"><example>"PATIENT"</example></param>
/// <param name="PhoneNumber"><example>"+49 30 5550112"</example></param>
/// <param name="DateOfBirth">The date of birth of a patient. <example>"1984-05-17"</example></param>
/// <param name="LicenseNumber">The license number of a doctor. <example>"DE-10117-4482"</example></param>
/// <param name="YearsOfExperience">The professional experience of a doctor, in years. <example>12</example></param>
/// <param name="Mrn">The medical record number of a patient, unique in the hospital. <example>"4711008150"</example></param>
/// <param name="Gender">The gender of a patient. <example>"FEMALE"</example></param>
/// <param name="Language">The language of a patient, as a tag of BCP 47. <example>"de"</example></param>
/// <param name="Address">The address of a patient.</param>
/// <param name="Contacts">Further ways to reach a patient; empty for others.</param>
/// <param name="NextOfKin">The persons who are told in an emergency of a patient; empty for others.</param>
/// <param name="Identifiers">The numbers that a patient has elsewhere; empty for others.</param>
/// <param name="Affected">
/// If the account was deactivated or got another role: the upcoming appointments of the doctor or patient, at most 100, the earliest first. They stay booked.
/// Otherwise null.
/// </param>
/// <param name="AffectedCount">
/// If the account was deactivated or got another role: the number of upcoming appointments, counted up to 10,000. Otherwise null.
/// </param>
[Audited(AuditKind.Account, "users")]
public sealed record UpdatedUser(
    Guid Id,
    Guid? HospitalId,
    string? Email,
    string FirstName,
    string LastName,
    Role Role,
    string? PhoneNumber,
    DateOnly? DateOfBirth,
    string? LicenseNumber,
    int? YearsOfExperience,
    bool IsActive,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    string? Mrn,
    Gender? Gender,
    string? Language,
    PatientAddress? Address,
    IReadOnlyList<PatientContact> Contacts,
    IReadOnlyList<NextOfKin> NextOfKin,
    IReadOnlyList<PatientIdentifier> Identifiers,
    [property: MaxLength(100)] IReadOnlyList<AffectedAppointment>? Affected,
    long? AffectedCount);

/// <summary>Lists the users that you may see, by last name. Patients see only themselves.</summary>
/// <param name="Role">The role of the users that are listed.</param>
/// <param name="HospitalId">The ID of the hospital whose users are listed.</param>
/// <param name="IsActive">Whether to list only active (true) or only inactive (false) users; both by default.</param>
/// <param name="Search">
/// Search words, all of which must occur in the first name, last name or e-mail address, in any order. Words of one or two letters match the beginning of a
/// word, longer ones match anywhere. Case and accents are ignored.
/// <example>"Schubert"</example>
/// </param>
[Tool("list_users", Effect.Read, Callers.Everyone)]
public sealed record ListUsers(
    Role? Role = null,
    Guid? HospitalId = null,
    bool? IsActive = null,
    [property: MaxLength(200)] string? Search = null) : PagedTool<User>;

/// <summary>Returns one user. Patients may request only themselves.</summary>
/// <param name="UserId">The ID of the user.</param>
[Tool("get_user", Effect.Read, Callers.Everyone)]
public sealed record GetUser(Guid UserId) : ITool<User>;

/// <summary>Returns the current data of the user that your access token identifies.</summary>
[Tool("get_current_user", Effect.Read, Callers.Everyone)]
public sealed record GetCurrentUser : ITool<User>;

/// <summary>
/// Creates a user account for a colleague or a patient. Nurses may create only patients' accounts, and programs no administrators. Platform administrators
/// create no doctors and nurses, and no administrators of a hospital that has some who have logged in: these create them. No two users of a hospital log in
/// with the same e-mail address. A user who cannot log in yet is sent a mail with a link. Somebody who logs in with the address at another hospital is asked
/// by mail to add this hospital to their login.
/// </summary>
/// <param name="FirstName">The first name.</param>
/// <param name="LastName">The last name.</param>
/// <param name="Role">The role of the user.</param>
/// <param name="Email">
/// The e-mail address, with which the user logs in unless has_login is false. Only patients can be without one.
/// <example>"new.patient@general.example"</example>
/// </param>
/// <param name="Password">
/// The password: 8 to 128 characters of any kind, not only blanks, not known from breaches, not the user's own name or e-mail address, and more than a word
/// that everybody at a hospital would try first, such as its name. Unless the hospital accepts passwords that somebody else chose, it is temporary: the user
/// replaces it at the first login. Leave it out to let the user choose one by the link in a mail, and for a user who does not log in.
/// <example>"Green-Meadow-2026"</example>
/// </param>
/// <param name="HospitalId">The ID of the user's hospital; your own by default. An ADMIN without a hospital is a platform administrator.</param>
/// <param name="PhoneNumber">The phone number.</param>
/// <param name="DateOfBirth">The date of birth. Accepted only for patients.</param>
/// <param name="LicenseNumber">The license number. Accepted for doctors and patients, rejected for other roles.</param>
/// <param name="YearsOfExperience">The professional experience, in years. Accepted for doctors and patients, rejected for other roles.</param>
/// <param name="HasLogin">
/// Whether the user logs in, by default true where an e-mail address is given. It can be false for patients alone: the address is then only for contact, and
/// several patients may have the same one.
/// <example>true</example>
/// </param>
/// <param name="Mrn">The medical record number of a patient, unique in the hospital, ignoring case. Without one, a number of ten digits is drawn.</param>
/// <param name="Gender">The gender of a patient.</param>
/// <param name="Language">The language to speak and write to a patient in, as a tag of BCP 47.</param>
/// <param name="Address">The address of a patient.</param>
/// <param name="Contacts">Further ways to reach a patient.</param>
/// <param name="NextOfKin">The persons who are told in an emergency of a patient.</param>
/// <param name="Identifiers">The numbers that a patient has elsewhere. Each belongs to one patient of the hospital.</param>
[Tool("create_user", Effect.Create, Callers.Admins | Callers.Nurse | Callers.Receptionist)]
public sealed record CreateUser(
    [property: Length(1, 100)] string FirstName,
    [property: Length(1, 100)] string LastName,
    Role Role,
    [property: EmailAddress, MaxLength(254)] string? Email = null,
    [property: Opaque, Length(8, 128)] string? Password = null,
    Guid? HospitalId = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: PastDate] DateOnly? DateOfBirth = null,
    [property: Length(1, 100)] string? LicenseNumber = null,
    [property: Range(0, 80)] int? YearsOfExperience = null,
    bool? HasLogin = null,
    [property: Length(1, DemographicLimits.MaxMrnLength)] string? Mrn = null,
    Gender? Gender = null,
    [property: RegularExpression(DemographicLimits.LanguagePattern, ErrorMessage = DemographicLimits.LanguageError), Length(2, 40)] string? Language = null,
    PatientAddress? Address = null,
    [property: UniqueItems, MaxLength(DemographicLimits.MaxEntries)] IReadOnlyList<PatientContact>? Contacts = null,
    [property: UniqueItems, MaxLength(DemographicLimits.MaxEntries)] IReadOnlyList<NextOfKin>? NextOfKin = null,
    [property: UniqueItems, MaxLength(DemographicLimits.MaxEntries)] IReadOnlyList<PatientIdentifier>? Identifiers = null) : ITool<User>;

/// <summary>
/// Changes a user. Omitted fields stay unchanged, and null clears fields that may be empty. Users may change themselves, and administrators may also change
/// others, except for passwords. Patients cannot change their own name or date of birth; the administrators of their hospital can. A new role or password
/// ends all sessions of the user. If an account is deactivated or gets another role, its upcoming appointments stay booked and are listed as affected.
/// </summary>
/// <param name="UserId">The ID of the user.</param>
/// <param name="Email">
/// The new e-mail address. Unless the hospital accepts passwords that somebody else chose, it is changed once it is confirmed by the link in a mail that is
/// sent there, and the result still has the former one. A user whose address somebody else changes has a day to object. Platform administrators change the
/// address of no user of a hospital, except that of an administrator before anybody's first login. Programs change no addresses of others. The address of a
/// patient who does not log in is changed at once, and null removes it.
/// </param>
/// <param name="Password">Your own new password, subject to the same rules as in create_user. <example>"Green-Meadow-2026"</example></param>
/// <param name="CurrentPassword">
/// Your current password. Required when you change your own password or e-mail address.
/// <example>"Green-Meadow-2026"</example>
/// </param>
/// <param name="FirstName">The first name. Patients cannot change it; the current value is accepted.</param>
/// <param name="LastName">The last name. Patients cannot change it; the current value is accepted.</param>
/// <param name="Role">
/// The new role. Only administrators may change it, and not their own; platform administrators may make nobody a doctor or nurse, and programs nobody an
/// administrator. Fields that do not belong to the resulting role are rejected unless they keep their current value.
/// </param>
/// <param name="PhoneNumber">The phone number.</param>
/// <param name="DateOfBirth">The date of birth of a patient. Patients cannot change it; the current value is accepted.</param>
/// <param name="LicenseNumber">The license number of a doctor or a patient. Only administrators may change it. <example>null</example></param>
/// <param name="YearsOfExperience">
/// The professional experience of a doctor or a patient, in years. Only administrators may change it.
/// <example>null</example>
/// </param>
/// <param name="IsAvailable">Whether a doctor currently takes appointments; only for doctors.</param>
/// <param name="IsActive">
/// Whether the account is active: false deactivates it, true activates it again. Only administrators may change it, and not their own.
/// </param>
/// <param name="HasLogin">
/// True lets a patient log in who could not before, and sends an invitation to the e-mail address, again if the user has not chosen a password yet. A login
/// cannot be taken away.
/// <example>true</example>
/// </param>
/// <param name="Mrn">The new medical record number of a patient. Patients cannot change it. Null leaves it, because every patient has one.</param>
/// <param name="Gender">The gender of a patient. Patients cannot change it; the current value is accepted.</param>
/// <param name="Language">The language to speak and write to a patient in, as a tag of BCP 47.</param>
/// <param name="Address">The address of a patient.</param>
/// <param name="Contacts">The further ways to reach a patient, which replace the present ones.</param>
/// <param name="NextOfKin">The persons who are told in an emergency of a patient, who replace the present ones.</param>
/// <param name="Identifiers">
/// The numbers that a patient has elsewhere, which replace the present ones. Patients cannot change them; the current value is accepted.
/// </param>
/// <param name="ExpectedVersion">The expected version of the user; the change is rejected if the user is no longer at this version.</param>
[Tool("update_user", Effect.Update, Callers.Everyone)]
public sealed record UpdateUser(
    Guid UserId,
    [property: EmailAddress, MaxLength(254)] Optional<string?> Email = default,
    [property: Opaque, Length(8, 128)] string? Password = null,
    [property: Opaque, MaxLength(128), NotAField] string? CurrentPassword = null,
    [property: Length(1, 100)] string? FirstName = null,
    [property: Length(1, 100)] string? LastName = null,
    Role? Role = null,
    [property: PhoneNumber, Length(3, 40)] Optional<string?> PhoneNumber = default,
    [property: PastDate] Optional<DateOnly?> DateOfBirth = default,
    [property: Length(1, 100)] Optional<string?> LicenseNumber = default,
    [property: Range(0, 80)] Optional<int?> YearsOfExperience = default,
    bool? IsAvailable = null,
    bool? IsActive = null,
    bool? HasLogin = null,
    [property: NotAField, Length(1, DemographicLimits.MaxMrnLength)] string? Mrn = null,
    Optional<Gender?> Gender = default,
    [property: RegularExpression(DemographicLimits.LanguagePattern, ErrorMessage = DemographicLimits.LanguageError), Length(2, 40)]
    Optional<string?> Language = default,
    Optional<PatientAddress?> Address = default,
    [property: UniqueItems, MaxLength(DemographicLimits.MaxEntries)] IReadOnlyList<PatientContact>? Contacts = null,
    [property: UniqueItems, MaxLength(DemographicLimits.MaxEntries)] IReadOnlyList<NextOfKin>? NextOfKin = null,
    [property: UniqueItems, MaxLength(DemographicLimits.MaxEntries)] IReadOnlyList<PatientIdentifier>? Identifiers = null,
    [property: NotAField] long? ExpectedVersion = null) : ITool<UpdatedUser>;

/// <summary>
/// Deactivates a user account. Its sessions end within seconds and the user can no longer log in; no data is deleted. Upcoming appointments stay booked and are
/// listed as affected.
/// </summary>
/// <param name="UserId">The ID of the user.</param>
[Tool("delete_user", Effect.Delete, Callers.Admins, RequiresStepUp = true)]
public sealed record DeleteUser(Guid UserId) : ITool<DeactivatedUser>;

/// <summary>Represents the event that an account was created.</summary>
[LiveResource("users")]
public sealed record UserCreated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Created, User, UserAudience.Of(User));
}

/// <summary>Represents the event that a user or their account was changed.</summary>
[LiveResource("users")]
public sealed record UserUpdated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Updated, User, UserAudience.Of(User));
}

/// <summary>Represents the event that an account was deactivated.</summary>
[LiveResource("users")]
public sealed record UserDeactivated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate LiveUpdate => new(Change.Deleted, User, UserAudience.Of(User));
}

file static class UserAudience
{
    /// <summary>Returns who may see a user event. Staff of a hospital do not see platform administrators, who belong to no hospital.</summary>
    internal static Audience Of(User user) => new(user.HospitalId is null ? Callers.Platform : Callers.Staff, user.Id);
}
