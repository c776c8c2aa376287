using System.ComponentModel.DataAnnotations;
using MedCor.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Tells who is calling from their bearer token. Every process checks for itself: being inside the network gives nobody any right.
/// A token that was found good is remembered until it expires, so its signature is computed once per process.
/// </summary>
public sealed class TokenValidator(SigningKeyCache keys, RevocationList revocations, IOptions<TokenOptions> options, TimeProvider clock) : IDisposable
{
    private const int MaxCachedTokens = 20_000;
    private const int MaxTokenLength = 4096;

    /// <summary>By how much the clocks of two processes may differ.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a revocation must be remembered to outlast every token that was made by its time, given how long tokens live. What is forged then may seem to be issued <see cref="ClockSkew"/> later
    /// and live <see cref="ClockSkew"/> longer than other tokens; and the replica of Identity that forgets may be <see cref="ClockSkew"/> ahead of the one that revoked. The fourth is for what takes time
    /// in between.
    /// </summary>
    public static TimeSpan RevocationRetention(TimeSpan lifetime) => lifetime + 4 * ClockSkew;

    /// <summary>The time of a signing key's revocation: the last moment at which a process that is cut off from Identity may still know the key, and take what is made with it.</summary>
    /// <param name="now">When the key is withdrawn.</param>
    public static DateTimeOffset KeyRevokedAt(DateTimeOffset now) => now + SigningKeyCache.MaxStaleAge;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxCachedTokens });
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <summary>The caller of a request. Throws <see cref="Unauthenticated"/> when there is no token, or none that counts.</summary>
    public ValueTask<Caller> AuthenticateAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0) throw new Unauthenticated(ErrorCodes.AuthRequired, "Log in first: send Authorization: Bearer with an access token.");
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) throw InvalidToken();
        return ValidateAsync(header[7..].Trim(), http.RequestAborted);
    }

    /// <summary>The caller that a token names. Throws <see cref="Unauthenticated"/> when it is malformed, forged, expired or revoked.</summary>
    public async ValueTask<Caller> ValidateAsync(string token, CancellationToken ct)
    {
        if (!_cache.TryGetValue(token, out Caller? caller))
        {
            caller = await ValidateUncachedAsync(token, ct);
            if (caller.ExpiresAt > clock.GetUtcNow())
                _cache.Set(token, caller, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpiration = caller.ExpiresAt });
        }

        return IsStillValid(caller!) ? caller! : throw InvalidToken();
    }

    /// <summary>Whether a token that was good still is: for connections that outlive the request that opened them.</summary>
    public bool IsStillValid(Caller caller) => caller.ExpiresAt > clock.GetUtcNow() && !revocations.IsRevoked(caller);

    private async Task<Caller> ValidateUncachedAsync(string token, CancellationToken ct)
    {
        if (token.Length > MaxTokenLength || !_handler.CanReadToken(token)) throw InvalidToken();

        JsonWebToken read;
        try
        {
            read = _handler.ReadJsonWebToken(token);
        }
        catch (ArgumentException)
        {
            throw InvalidToken();
        }

        if (string.IsNullOrEmpty(read.Kid) || await keys.FindAsync(read.Kid, ct) is not { } key) throw InvalidToken();
        var result = await _handler.ValidateTokenAsync(read, new TokenValidationParameters
        {
            IssuerSigningKey = key,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidIssuer = options.Value.Issuer,
            ValidAudience = options.Value.Audience,
            ClockSkew = TimeSpan.Zero,
            LifetimeValidator = (_, expires, _, _) => expires > clock.GetUtcNow().UtcDateTime,
        });
        if (!result.IsValid || !Guid.TryParseExact(read.Kid, "N", out var keyId) || !HasAllowedLifetime(read)) throw InvalidToken();

        return Guid.TryParse(GetClaim(read, TokenClaims.UserId), out var user)
            && Guid.TryParse(GetClaim(read, TokenClaims.Session), out var session)
            && EnumNames.TryParse<Role>(GetClaim(read, TokenClaims.Role), out var role)
            ? new Caller(
                user,
                GetClaim(read, TokenClaims.Email) ?? "",
                role,
                Guid.TryParse(GetClaim(read, TokenClaims.HospitalId), out var hospital) ? hospital : null,
                session,
                read.IssuedAt,
                read.ValidTo)
            {
                KeyId = keyId,
                // Earlier versions did not tell it: then the token's own time, which is later.
                LoggedInAt = read.TryGetPayloadValue<long>(TokenClaims.LoggedInAt, out var loggedInAt) ? DateTimeOffset.FromUnixTimeMilliseconds(loggedInAt) : read.IssuedAt,
                RefreshedAt = read.TryGetPayloadValue<long>(TokenClaims.RefreshedAt, out var refreshedAt) ? DateTimeOffset.FromUnixTimeSeconds(refreshedAt) : null,
            }
            : throw InvalidToken();
    }

    /// <summary>
    /// Whether a token was issued by now and lives no longer than tokens do. Identity signs no others: one that is good for years, or from years ahead, was made with a stolen key,
    /// whose revocation is remembered no longer than tokens live. Without <c>iat</c> it was issued in the year 1.
    /// </summary>
    private bool HasAllowedLifetime(JsonWebToken token) =>
        token.IssuedAt <= clock.GetUtcNow().UtcDateTime + ClockSkew && token.ValidTo - token.IssuedAt <= TimeSpan.FromSeconds(options.Value.MaxLifetimeSeconds) + ClockSkew;

    private static string? GetClaim(JsonWebToken token, string name) => token.TryGetClaim(name, out var claim) ? claim.Value : null;

    private static Unauthenticated InvalidToken() => new(ErrorCodes.AuthInvalid, "The access token is not valid, or no longer. Refresh it or log in again.");

    public void Dispose() => _cache.Dispose();
}

/// <summary>What issuer and checkers of tokens agree on. Section <c>Tokens</c>.</summary>
public sealed class TokenOptions
{
    /// <summary>Who issues tokens, <c>iss</c>.</summary>
    [Required]
    public string Issuer { get; set; } = "medcor";

    /// <summary>Whom they are for, <c>aud</c>.</summary>
    [Required]
    public string Audience { get; set; } = "medcor";

    /// <summary>Bounds the lifetime of a token, in seconds: <c>MCP_JWT_EXPIRY</c>, a top-level setting.</summary>
    [Range(1, MaxConfigurableSeconds, ErrorMessage = "MCP_JWT_EXPIRY must be between 1 and 86400 seconds.")]
    public int MaxLifetimeSeconds { get; set; } = 3600;

    /// <summary>Bounds what may be configured, in seconds: a day.</summary>
    public const int MaxConfigurableSeconds = 86_400;
}

/// <summary>The claims of an access token beside the registered ones.</summary>
public static class TokenClaims
{
    public const string UserId = "user_id";
    public const string Email = "email";
    public const string Role = "role";
    public const string HospitalId = "hospital_id";
    /// <summary>The login that the token descends from.</summary>
    public const string Session = "sid";
    /// <summary>When that login was, in milliseconds: in whole seconds, as <c>auth_time</c> has it, what came just before it and just after would be the same.</summary>
    public const string LoggedInAt = "auth_time_ms";
    /// <summary>When the login or refresh was that gave the token, or the one from which it was renewed, in seconds as <c>iat</c>.</summary>
    public const string RefreshedAt = "refreshed_at";
}
