using MedCor.Contracts;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>Who is calling, as their verified token says.</summary>
/// <param name="HospitalId">Their hospital; none for a platform administrator alone.</param>
/// <param name="SessionId">The login that the token descends from.</param>
/// <param name="IssuedAt">When the token was issued.</param>
/// <param name="ExpiresAt">When the token ends.</param>
public sealed record Caller(Guid UserId, string Email, Role Role, Guid? HospitalId, Guid SessionId, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>When they logged in. What happened before is told to them by nobody but who is asked for it.</summary>
    public DateTimeOffset LoggedInAt { get; init; } = IssuedAt;

    /// <summary>When the login or refresh was from which the token descends by renewals alone; none in a token of a version before, which did not tell.</summary>
    public DateTimeOffset? RefreshedAt { get; init; }

    /// <summary>The key that signed the token.</summary>
    public Guid KeyId { get; init; }

    /// <summary>The column of the role matrix that they stand in.</summary>
    public Callers Kind { get; } = (Role, HospitalId) switch
    {
        (Role.Admin, null) => Callers.Platform,
        (Role.Admin, _) => Callers.HospitalAdmin,
        (_, null) => Callers.None,
        (Role.Doctor, _) => Callers.Doctor,
        (Role.Nurse, _) => Callers.Nurse,
        (Role.Patient, _) => Callers.Patient,
        _ => Callers.None,
    };

    /// <summary>Whether they stand in one of these columns.</summary>
    public bool IsOneOf(Callers kinds) => Kind != Callers.None && kinds.HasFlag(Kind);
}
