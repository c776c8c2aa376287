using MedCor.Contracts;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>Represents the authenticated caller, as the verified access token describes it.</summary>
/// <param name="HospitalId">The caller's hospital; null for a platform administrator.</param>
/// <param name="SessionId">The login session from which the token descends.</param>
/// <param name="IssuedAt">The time at which the token was issued.</param>
/// <param name="ExpiresAt">The time at which the token expires.</param>
public sealed record Caller(Guid UserId, string Email, Role Role, Guid? HospitalId, Guid SessionId, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>Gets the time of the caller's login. Events from before the login are delivered only when the caller asks for them.</summary>
    public DateTimeOffset LoggedInAt { get; init; } = IssuedAt;

    /// <summary>
    /// Gets the time of the login or refresh from which the token descends through renewals alone; null for tokens from earlier versions, which lack the claim.
    /// </summary>
    public DateTimeOffset? RefreshedAt { get; init; }

    /// <summary>Gets the time at which the user has authenticated; null for a program without a user, and for tokens from earlier versions.</summary>
    public DateTimeOffset? AuthenticatedAt { get; init; }

    /// <summary>Gets how long after it has authenticated a caller may use tools that require step-up; null for any time.</summary>
    public TimeSpan? StepUpAge { get; init; }

    /// <summary>Gets the ID of the key that signed the token.</summary>
    public Guid KeyId { get; init; }

    /// <summary>Gets the scopes to which the token is limited; null when it has all rights of the caller's role.</summary>
    public ScopeSet? Scopes { get; init; }

    /// <summary>Gets the ID of the client program to which the token was issued; null for a login of the user.</summary>
    public string? ClientId { get; init; }

    /// <summary>Gets the caller's column in the role matrix.</summary>
    public Callers Kind { get; } = (Role, HospitalId) switch
    {
        (Role.Admin, null) => Callers.Platform,
        (Role.Admin, _) => Callers.HospitalAdmin,
        (_, null) => Callers.None,
        (Role.Doctor, _) => Callers.Doctor,
        (Role.Nurse, _) => Callers.Nurse,
        (Role.Patient, _) => Callers.Patient,
        (Role.Receptionist, _) => Callers.Receptionist,
        _ => Callers.None,
    };

    /// <summary>Returns whether the caller belongs to one of the given columns of the role matrix.</summary>
    public bool IsOneOf(Callers kinds) => Kind != Callers.None && kinds.HasFlag(Kind);

    /// <summary>Returns whether the token permits what requires a scope, as far as its scopes are concerned.</summary>
    public bool Covers(Scope scope) => Scopes is null || Scopes.Covers(scope);

    /// <summary>Throws <see cref="InsufficientScope"/> when the token does not permit what requires a scope.</summary>
    public void RequireScope(Scope scope)
    {
        if (!Covers(scope)) throw new InsufficientScope(scope);
    }

    /// <summary>Throws <see cref="StepUpRequired"/> when the caller's hospital requires a more recent login. A program without a user has none.</summary>
    public void RequireStepUp(DateTimeOffset now)
    {
        if (StepUpAge is { } age && !(now - AuthenticatedAt <= age)) throw new StepUpRequired(age);
    }

    /// <summary>
    /// Throws <see cref="Forbidden"/> for a program, whether it acts for a user or has a service account: what it did would outlast, or go beyond, the access
    /// that a user has given it and can withdraw.
    /// </summary>
    /// <param name="actions">What users alone do, in words that follow "Only users who have logged in themselves".</param>
    public void RequireOwnLogIn(string actions)
    {
        if (ClientId is not null) throw new Forbidden($"Only users who have logged in themselves {actions}.");
    }

    /// <summary>
    /// Throws <see cref="Forbidden"/> when the caller's role does not include a tool or resource, and <see cref="InsufficientScope"/> when the token does not.
    /// </summary>
    /// <param name="kinds">The roles that may use it.</param>
    /// <param name="scope">The scope that it requires.</param>
    /// <param name="name">Its name, for the error.</param>
    public void Require(Callers kinds, Scope scope, string name)
    {
        if (!IsOneOf(kinds)) throw new Forbidden($"Your role does not include {name}.");
        RequireScope(scope);
    }
}
