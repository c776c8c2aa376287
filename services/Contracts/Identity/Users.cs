using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Somebody with an account.</summary>
/// <param name="HospitalId">The hospital they belong to; none for a platform administrator.</param>
/// <param name="DateOfBirth">Of patients.</param>
/// <param name="LicenseNumber">Of doctors.</param>
/// <param name="YearsOfExperience">Of doctors.</param>
[Resource("users", Callers.Everyone)]
public sealed record User(
    Guid Id,
    Guid? HospitalId,
    string Email,
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
    DateTimeOffset UpdatedAt);

/// <summary>Somebody whose account went out of use.</summary>
/// <param name="Affected">Their appointments still to come, as a doctor or a patient, at most 100, the next first. They stay booked.</param>
/// <param name="AffectedCount">How many appointments were still to come, counted to 10,000.</param>
public sealed record DeactivatedUser(
    Guid Id,
    Guid? HospitalId,
    string Email,
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
    [property: MaxLength(100)] IReadOnlyList<AffectedAppointment> Affected,
    long AffectedCount);

/// <summary>A user as they are after a change.</summary>
/// <param name="HospitalId">The hospital they belong to; none for a platform administrator.</param>
/// <param name="DateOfBirth">Of patients.</param>
/// <param name="LicenseNumber">Of doctors.</param>
/// <param name="YearsOfExperience">Of doctors.</param>
/// <param name="Affected">When the account went out of use or got another role: the appointments still to come of the doctor or patient, at most 100, the next first. They stay booked. Otherwise null.</param>
/// <param name="AffectedCount">How many appointments were still to come then, counted to 10,000. Otherwise null.</param>
public sealed record UpdatedUser(
    Guid Id,
    Guid? HospitalId,
    string Email,
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
    [property: MaxLength(100)] IReadOnlyList<AffectedAppointment>? Affected,
    long? AffectedCount);

/// <summary>Lists the people with an account that you may see, by last name. Patients see themselves alone.</summary>
/// <param name="Role">Only those of this role.</param>
/// <param name="HospitalId">Only those of this hospital.</param>
/// <param name="IsActive">Only those in use, or only those out of use; both unless given.</param>
/// <param name="Search">Words that the first name, last name or e-mail address must have, all of them, in any order: one or two letters from the beginning of a word, more anywhere. Case and accents make no difference.</param>
[Tool("list_users", Effect.Read, Callers.Everyone)]
public sealed record ListUsers(
    Role? Role = null,
    Guid? HospitalId = null,
    bool? IsActive = null,
    [property: MaxLength(200)] string? Search = null) : PagedTool<User>;

/// <summary>Shows one user. Patients may ask for themselves.</summary>
[Tool("get_user", Effect.Read, Callers.Everyone)]
public sealed record GetUser(Guid UserId) : ITool<User>;

/// <summary>Shows who you are: the user that your access token names, as they are now.</summary>
[Tool("get_current_user", Effect.Read, Callers.Everyone)]
public sealed record GetCurrentUser : ITool<User>;

/// <summary>
/// Opens an account: for a colleague or a patient. Nurses may open those of patients. Its e-mail address must be its own in the whole system.
/// </summary>
/// <param name="Email">What they log in with.</param>
/// <param name="Password">8 to 128 characters of any kind; more than blanks, not one that is known from breaches, and not their own name or e-mail address.</param>
/// <param name="HospitalId">Your own hospital unless given. An ADMIN without one is a platform administrator.</param>
/// <param name="DateOfBirth">For patients; refused for everybody else.</param>
/// <param name="LicenseNumber">For doctors. Taken for patients too, and refused for everybody else.</param>
/// <param name="YearsOfExperience">For doctors. Taken for patients too, and refused for everybody else.</param>
[Tool("create_user", Effect.Create, Callers.Admins | Callers.Nurse)]
public sealed record CreateUser(
    [property: EmailAddress, MaxLength(254)] string Email,
    [property: Opaque, Length(8, 128)] string Password,
    [property: Length(1, 100)] string FirstName,
    [property: Length(1, 100)] string LastName,
    Role Role,
    Guid? HospitalId = null,
    [property: PhoneNumber, Length(3, 40)] string? PhoneNumber = null,
    [property: PastDate] DateOnly? DateOfBirth = null,
    [property: Length(1, 100)] string? LicenseNumber = null,
    [property: Range(0, 80)] int? YearsOfExperience = null) : ITool<User>;

/// <summary>
/// Changes a user; what is not given stays as it is, and null clears what may be without a value. Everybody may change themselves, administrators also others. Patients may not change their own name and date of birth:
/// their hospital's administrators do. A new role or password ends all sessions of that user. When somebody goes out of use or gets another role, their appointments still to come stay booked and
/// are listed as affected.
/// </summary>
/// <param name="Password">A new password, by the same rules as in create_user.</param>
/// <param name="CurrentPassword">Needed when you change your own password or e-mail address.</param>
/// <param name="FirstName">Not by patients, except as it is already.</param>
/// <param name="LastName">Not by patients, except as it is already.</param>
/// <param name="DateOfBirth">For patients, and not by them, except as it is already.</param>
/// <param name="Role">By administrators alone, and never one's own. What belongs to another role than the one that they have afterwards is refused, except as it is already.</param>
/// <param name="LicenseNumber">By administrators alone, for doctors and patients.</param>
/// <param name="YearsOfExperience">By administrators alone, for doctors and patients.</param>
/// <param name="IsAvailable">Whether a doctor takes appointments at present; for doctors alone.</param>
/// <param name="IsActive">Takes an account out of use or back into it, by administrators alone, and never one's own.</param>
/// <param name="ExpectedVersion">Refuses the change if the user is no longer at this version.</param>
[Tool("update_user", Effect.Update, Callers.Everyone)]
public sealed record UpdateUser(
    Guid UserId,
    [property: EmailAddress, MaxLength(254)] string? Email = null,
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
    [property: NotAField] long? ExpectedVersion = null) : ITool<UpdatedUser>;

/// <summary>Takes an account out of use: its sessions end within seconds and it can no longer log in; nothing of it is deleted. Appointments still to come stay booked and are listed as affected.</summary>
[Tool("delete_user", Effect.Delete, Callers.Admins)]
public sealed record DeleteUser(Guid UserId) : ITool<DeactivatedUser>;

/// <summary>An account was opened.</summary>
public sealed record UserCreated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate LiveUpdate => new("users", Change.Created, User, UserAudience.Of(User));
}

/// <summary>An account or its person changed.</summary>
public sealed record UserUpdated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate LiveUpdate => new("users", Change.Updated, User, UserAudience.Of(User));
}

/// <summary>An account went out of use.</summary>
public sealed record UserDeactivated(User User) : IntegrationEvent(User.HospitalId, User.Version)
{
    public override LiveUpdate LiveUpdate => new("users", Change.Deleted, User, UserAudience.Of(User));
}

file static class UserAudience
{
    /// <summary>Platform administrators are nobody's colleagues in a hospital.</summary>
    internal static Audience Of(User user) => new(user.HospitalId is null ? Callers.Platform : Callers.Staff, user.Id);
}
