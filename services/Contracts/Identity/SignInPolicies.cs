using System.ComponentModel.DataAnnotations;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Represents the rules by which the users of a hospital sign in. A hospital that has set none has the defaults.</summary>
/// <param name="AcceptsChosenPasswords">
/// Whether a password that somebody else chose for a new user stays valid. If not, it is temporary: the user must replace it before anything else.
/// </param>
/// <param name="SecondFactorRoles">The roles whose users must have a second factor. <example>["ADMIN", "DOCTOR"]</example></param>
/// <param name="IdleMinutes">The time without a refresh after which a session ends, in minutes. <example>10080</example></param>
/// <param name="MaxSessionHours">The time after which a session ends, however often it is refreshed, in hours. <example>720</example></param>
/// <param name="StepUpMinutes">
/// How many minutes ago callers of the tools that require step-up may have logged in; null for any time. <example>15</example>
/// </param>
/// <param name="Version">The version, which every change increases; 0 while the hospital has the defaults. <example>1</example></param>
[Audited(AuditKind.Administration, "sign_in_policies")]
public sealed record SignInPolicy(
    Guid HospitalId,
    bool AcceptsChosenPasswords,
    IReadOnlyList<Role> SecondFactorRoles,
    int IdleMinutes,
    int MaxSessionHours,
    int? StepUpMinutes,
    long Version)
{
    /// <summary>The shortest and the longest time for which a login can suffice for step-up, in minutes.</summary>
    public const int MinStepUpMinutes = 1, MaxStepUpMinutes = 24 * 60;

    /// <summary>The shortest idle time that a hospital may set, in minutes.</summary>
    public const int MinIdleMinutes = 5;

    /// <summary>The longest idle time, in minutes, which is also the default.</summary>
    public const int MaxIdleMinutes = 7 * 24 * 60;

    /// <summary>The longest session, in hours, which is also the default.</summary>
    public const int LongestSessionHours = 30 * 24;
}

/// <summary>Returns the rules by which the users of a hospital sign in.</summary>
/// <param name="HospitalId">The ID of the hospital; for administrators of a hospital, their own by default.</param>
[Tool("get_sign_in_policy", Effect.Read, Callers.Admins)]
public sealed record GetSignInPolicy(Guid? HospitalId = null) : ITool<SignInPolicy>;

/// <summary>
/// Changes the rules by which the users of a hospital sign in. Omitted fields stay unchanged. Shorter sessions apply to the sessions that exist when they are
/// refreshed next; a second factor is asked for from the next login or refresh on, and step-up of the tokens that are issued from then on. Only users who have
/// logged in themselves change them.
/// </summary>
/// <param name="HospitalId">The ID of the hospital; for administrators of a hospital, their own by default.</param>
/// <param name="AcceptsChosenPasswords">Whether a password that somebody else chose for a new user stays valid.</param>
/// <param name="SecondFactorRoles">The roles whose users must have a second factor. <example>["ADMIN", "DOCTOR"]</example></param>
/// <param name="IdleMinutes">The time without a refresh after which a session ends, in minutes. <example>10080</example></param>
/// <param name="MaxSessionHours">The time after which a session ends, however often it is refreshed, in hours. <example>720</example></param>
/// <param name="StepUpMinutes">
/// How many minutes ago callers of the tools that require step-up, such as delete_user, may have logged in, from 1 to 1440; null for any time.
/// <example>15</example>
/// </param>
/// <param name="ExpectedVersion">The expected version of the rules; the change is rejected if they are no longer at this version.</param>
[Tool("update_sign_in_policy", Effect.Update, Callers.Admins, RequiresStepUp = true)]
public sealed record UpdateSignInPolicy(
    Guid? HospitalId = null,
    bool? AcceptsChosenPasswords = null,
    [property: UniqueItems, MaxLength(4)] IReadOnlyList<Role>? SecondFactorRoles = null,
    [property: Range(SignInPolicy.MinIdleMinutes, SignInPolicy.MaxIdleMinutes)] int? IdleMinutes = null,
    [property: Range(1, SignInPolicy.LongestSessionHours)] int? MaxSessionHours = null,
    [property: Range(SignInPolicy.MinStepUpMinutes, SignInPolicy.MaxStepUpMinutes)] Optional<int?> StepUpMinutes = default,
    [property: NotAField] long? ExpectedVersion = null) : ITool<SignInPolicy>;
