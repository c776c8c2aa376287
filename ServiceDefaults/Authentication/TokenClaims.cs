namespace MedCor.ServiceDefaults.Authentication;

/// <summary>Defines the values of a token's header <c>typ</c>. Identity signs other tokens, such as ID tokens, with the same keys.</summary>
internal static class TokenTypes
{
    public const string Jwt = "JWT";

    /// <summary>An access token of RFC 9068.</summary>
    public const string AccessToken = "at+jwt";
}

/// <summary>Defines the names of an access token's claims beside the registered ones.</summary>
public static class TokenClaims
{
    public const string UserId = "user_id";
    public const string Email = "email";
    public const string Role = "role";
    public const string HospitalId = "hospital_id";
    /// <summary>The login session from which the token descends.</summary>
    public const string Session = "sid";
    /// <summary>
    /// The time of that login, in milliseconds. Whole seconds, as in <c>auth_time</c>, cannot separate events just before the login from those just after it.
    /// </summary>
    public const string LoggedInAt = "auth_time_ms";
    /// <summary>The time of issue, in milliseconds. It is later than the last end of all sessions of the user.</summary>
    public const string IssuedAt = "iat_ms";
    /// <summary>
    /// The time of the login or refresh that returned the token, or returned the token from which it was renewed; in seconds, like <c>iat</c>.
    /// </summary>
    public const string RefreshedAt = "refreshed_at";
    /// <summary>The time at which the user has authenticated, in seconds (RFC 9068); absent for a program without a user.</summary>
    public const string AuthenticatedAt = "auth_time";
    /// <summary>The age of the authentication, in seconds, up to which the token permits tools that require step-up; absent for any age.</summary>
    public const string StepUpAge = "step_up_age";
    /// <summary>The scopes to which the token is limited, separated by spaces (RFC 9068); absent for all rights of the role.</summary>
    public const string Scope = "scope";
    /// <summary>The client program to which the token was issued (RFC 9068); absent for a login of the user.</summary>
    public const string ClientId = "client_id";
}
