using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts.Identity;

/// <summary>Represents a request to log in: <c>POST /api/auth/login/</c>.</summary>
/// <param name="Email">
/// The e-mail address of the account. Its case does not matter, nor how its accents and an international domain are encoded.
/// <example>"patient@general.example"</example>
/// </param>
/// <param name="Password"><example>"Green-Meadow-2026"</example></param>
/// <param name="Scope">
/// The scopes to which the tokens of the session are limited, separated by spaces; all rights of the user's role when omitted.
/// <example>"appointments.write people.read"</example>
/// </param>
/// <param name="Code">
/// The current code of the user's authenticator app, or a recovery code; ignored for a user without a second factor.
/// <example>"492039"</example>
/// </param>
/// <param name="HospitalId">
/// The ID of the hospital to open, of those that the login opens; the last used one when omitted.
/// <example>"01980000-0000-7000-8001-000000000000"</example>
/// </param>
public sealed record LogIn(
    [property: Length(3, 254), RegularExpression(LogIn.EmailPattern, ErrorMessage = "must be an e-mail address")] string Email,
    [property: Opaque, Length(1, 128)] string Password,
    [property: Length(1, 1000)] string? Scope = null,
    [property: Opaque, Length(1, 64)] string? Code = null,
    Guid? HospitalId = null)
{
    /// <summary>The pattern of an e-mail address at login. It is wider than the rule for new accounts, because some accounts are older than the rule.</summary>
    internal const string EmailPattern = @"[^@\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F]+@[^@\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u206F]+";
}

/// <summary>
/// Represents a request for new tokens of a session: <c>POST /api/auth/refresh/</c>. Each refresh token is valid for one call; sending it twice ends the
/// session.
/// </summary>
/// <param name="RefreshToken"><example>"8Q2sPpXkq1bO0c5mJ7v3Zg"</example></param>
public sealed record RefreshSession([property: Opaque, Length(1, 200)] string RefreshToken);

/// <summary>
/// Represents a request to open another hospital of one's login: <c>POST /api/auth/switch</c>, with an access token. Its session goes on.
/// </summary>
/// <param name="HospitalId">The ID of the hospital: one of <c>user.hospitals</c>. <example>"01980000-0000-7000-8002-000000000000"</example></param>
public sealed record SwitchHospital(Guid HospitalId);

/// <summary>
/// Represents a request to end a session: <c>POST /api/auth/logout/</c>. Either the access token or the refresh token identifies the session.
/// </summary>
/// <param name="RefreshToken"><example>"8Q2sPpXkq1bO0c5mJ7v3Zg"</example></param>
public sealed record LogOut([property: Opaque, Length(1, 200)] string? RefreshToken = null);

/// <summary>Represents the tokens of a session.</summary>
/// <param name="AccessToken">
/// The access token, for <c>Authorization: Bearer</c>.
/// <example>"eyJhbGciOiJFUzI1NiJ9.eyJyb2xlIjoiUEFUSUVOVCJ9.c2lnbmF0dXJl"</example>
/// </param>
/// <param name="RefreshToken">The refresh token, valid for one refresh. <example>"8Q2sPpXkq1bO0c5mJ7v3Zg"</example></param>
/// <param name="TokenType">The token type, always <c>Bearer</c>. <example>"Bearer"</example></param>
/// <param name="ExpiresIn">The lifetime of the access token, in seconds. <example>3600</example></param>
/// <param name="User">The user who logged in.</param>
/// <param name="Scope">
/// The scopes to which the tokens are limited, separated by spaces; absent when they have all rights of the user's role.
/// <example>"appointments.write people.read"</example>
/// </param>
public sealed record SessionTokens(
    string AccessToken, string RefreshToken, string TokenType, int ExpiresIn, SessionUser User,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope = null);

/// <summary>Represents the user who has logged in, at one hospital.</summary>
/// <param name="HospitalId">The ID of the user's hospital; null for platform administrators.</param>
/// <param name="Email"><example>"patient@general.example"</example></param>
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
/// <param name="Hospitals">The other hospitals that the login opens, by name. <c>POST /api/auth/switch</c> opens one of them.</param>
public sealed record SessionUser(
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
    string? Mrn,
    Gender? Gender,
    string? Language,
    PatientAddress? Address,
    IReadOnlyList<PatientContact> Contacts,
    IReadOnlyList<NextOfKin> NextOfKin,
    IReadOnlyList<PatientIdentifier> Identifiers,
    [property: MaxLength(SessionUser.MaxHospitals)] IReadOnlyList<UserHospital> Hospitals)
{
    /// <summary>The number of hospitals that one login opens at most.</summary>
    public const int MaxHospitals = 20;
}

/// <summary>Represents a hospital that a login opens.</summary>
/// <param name="Id"><example>"01980000-0000-7000-8002-000000000000"</example></param>
/// <param name="Name"><example>"Riverside"</example></param>
public sealed record UserHospital(Guid Id, string Name);

/// <summary>
/// Represents a request for a mail with a link that sets a new password: <c>POST /api/auth/reset</c>. The answer is the same whether or not anybody has the
/// address.
/// </summary>
/// <param name="Email">The e-mail address of the account. <example>"patient@general.example"</example></param>
public sealed record RequestPasswordReset(
    [property: Length(3, 254), RegularExpression(LogIn.EmailPattern, ErrorMessage = "must be an e-mail address")] string Email);

/// <summary>
/// Represents a request to set a password: <c>POST /api/auth/password</c>. Either the <c>token</c> of the link in a mail and the new <c>password</c>, or
/// <c>email</c>, the temporary <c>password</c> and <c>new_password</c>.
/// </summary>
/// <param name="Password">With a token the new password, of at least 8 characters; otherwise the temporary one. <example>"Green-Meadow-2026"</example></param>
/// <param name="Token">The token of the link. <example>"8Q2sPpXkq1bO0c5mJ7v3Zg"</example></param>
/// <param name="Email">The e-mail address of the account. <example>null</example></param>
/// <param name="NewPassword">The new password. <example>null</example></param>
public sealed record SetPassword(
    [property: Opaque, Length(1, 128)] string Password,
    [property: Opaque, Length(1, 200)] string? Token = null,
    [property: Length(3, 254), RegularExpression(LogIn.EmailPattern, ErrorMessage = "must be an e-mail address")] string? Email = null,
    [property: Opaque, Length(8, 128)] string? NewPassword = null);

/// <summary>
/// Represents a further access token of a session, returned to a caller that already has one. Only services use it: <c>POST /sessions/token</c>.
/// </summary>
public sealed record AccessToken(string Token);

/// <summary>Represents the result of a logout: the session has ended.</summary>
public sealed record LoggedOut(bool Ended = true);

/// <summary>Represents a session of a user: a login by the API or by a client program, and all its tokens, or a login in a browser.</summary>
/// <param name="ClientId">
/// The ID of the client program; null for a login by the API or in a browser.
/// <example>"01980000-0000-7000-8009-000000000001"</example>
/// </param>
/// <param name="ClientName">
/// The name of the client program, as it calls itself; null for a login by the API or in a browser.
/// <example>"Ward planner"</example>
/// </param>
/// <param name="Scope">
/// The scopes to which the tokens are limited, separated by spaces; null for all rights of the user's role.
/// <example>"appointments.write people.read"</example>
/// </param>
/// <param name="AuthenticationMethods">
/// How the user has logged in, as in RFC 8176: <c>pwd</c>, <c>otp</c>, <c>hwk</c> or <c>swk</c> for a passkey, and <c>mfa</c> for two factors.
/// <example>["pwd", "otp", "mfa"]</example>
/// </param>
/// <param name="LastUsedAt">When the tokens were last refreshed; the start when they never were.</param>
/// <param name="EndsAt">When the session ends at the latest.</param>
/// <param name="IsCurrent">Whether your access token belongs to the session. <example>false</example></param>
/// <param name="IsBrowser">Whether the session is a login in a browser, on MedCor's pages. <example>false</example></param>
[Audited(AuditKind.Session, "sessions")]
public sealed record UserSession(
    Guid Id,
    Guid UserId,
    Guid? HospitalId,
    string? ClientId,
    string? ClientName,
    string? Scope,
    [property: MaxLength(10)] IReadOnlyList<string> AuthenticationMethods,
    DateTimeOffset StartedAt,
    DateTimeOffset LastUsedAt,
    DateTimeOffset EndsAt,
    bool IsCurrent,
    bool IsBrowser);

/// <summary>Lists the sessions of a user that have not ended, the newest first. Administrators may also list those of other users.</summary>
/// <param name="UserId">The ID of the user; your own by default.</param>
[Tool("list_sessions", Effect.Read, Callers.Everyone)]
public sealed record ListSessions(Guid? UserId = null) : PagedTool<UserSession>;

/// <summary>
/// Ends a session, with those at other hospitals that began with the same login. Their tokens are refused within two seconds; a browser is logged out. Ending a
/// session that has already ended is not an error. Administrators may also end the sessions of other users.
/// </summary>
/// <param name="SessionId">The ID of the session.</param>
[Tool("end_session", Effect.Delete, Callers.Everyone)]
public sealed record EndSession(Guid SessionId) : ITool<EndedSession>;

/// <summary>Represents a session that has ended.</summary>
[Audited(AuditKind.Session, "sessions")]
public sealed record EndedSession(Guid SessionId, Guid UserId, bool Ended = true);

/// <summary>
/// Removes the second factors of a user who has lost them: authenticator app, passkeys and recovery codes. All sessions of the user end. Nobody can reset their
/// own; the account page removes them with a code. Only users who have logged in themselves reset those of others.
/// </summary>
/// <param name="UserId">The ID of the user.</param>
[Tool("reset_second_factor", Effect.Update, Callers.Admins, RequiresStepUp = true)]
public sealed record ResetSecondFactor(Guid UserId) : ITool<SecondFactorReset>;

/// <summary>Represents a user whose second factors were removed.</summary>
/// <param name="HadSecondFactor">Whether there were any; otherwise nothing has changed. <example>true</example></param>
[Audited(AuditKind.Session, "users")]
public sealed record SecondFactorReset(Guid UserId, bool HadSecondFactor);
