namespace MedCor.Gateway.Limits;

/// <summary>Names what is counted. Each policy is counted separately.</summary>
internal static class RateLimitPolicy
{
    /// <summary>
    /// Requests of authenticated callers, and requests whose credentials are missing or invalid. It applies to every endpoint that is not public.
    /// </summary>
    public const string Calls = "calls";

    /// <summary>Logins that fail. A hospital may have one address, so those that succeed are counted by <see cref="LogInAttempts"/> alone.</summary>
    public const string LogIns = "logins";

    /// <summary>Attempts to log in, whether or not they succeed.</summary>
    public const string LogInAttempts = "login attempts";

    /// <summary>Requests that continue a session. Identity checks the token in their body.</summary>
    public const string Sessions = "sessions";

    /// <summary>
    /// Requests of OAuth clients about tokens that fail. A hospital may have one address, so those that succeed are counted by
    /// <see cref="TokenAttempts"/> alone.
    /// </summary>
    public const string Tokens = "failed token requests";

    /// <summary>Requests of OAuth clients about tokens, whether or not they succeed.</summary>
    public const string TokenAttempts = "token requests";

    /// <summary>Registrations of OAuth clients, each of which is stored.</summary>
    public const string Registrations = "registrations";

    /// <summary>Returns the policy by which all requests are counted where a policy counts those that fail; null for any other policy.</summary>
    public static string? FindAttempts(string policy) => policy switch
    {
        LogIns => LogInAttempts,
        Tokens => TokenAttempts,
        _ => null,
    };

    /// <summary>
    /// WebSockets of clients that have not authenticated yet. They are counted separately, so that anonymous clients behind a hospital's address cannot
    /// use up the calls of its users.
    /// </summary>
    public const string Sockets = "sockets";

    /// <summary>API keys that are looked up, by the address that sends them: each key about once an hour, and wrong ones.</summary>
    public const string ApiKeys = "api_keys";

    /// <summary>Reads of the documents that Identity publishes.</summary>
    public const string Keys = "keys";
}

/// <summary>Names the policy by which anonymous requests to a public endpoint are counted. Public endpoints without it are not counted.</summary>
internal sealed record RateLimitPolicyMetadata(string Policy);

internal static class RateLimitExtensions
{
    /// <summary>Counts anonymous requests to a public endpoint by address.</summary>
    public static TBuilder WithRateLimit<TBuilder>(this TBuilder endpoint, string policy) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new RateLimitPolicyMetadata(policy));

    /// <summary>
    /// Counts each request by the policy of its endpoint. It runs after authentication, which identifies the caller, and before authorization, so that a
    /// rejected request is counted before it is answered.
    /// </summary>
    public static IApplicationBuilder UseRateLimits(this IApplicationBuilder app) => app.UseMiddleware<RateLimitMiddleware>();
}
