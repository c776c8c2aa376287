using MedCor.Contracts;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Validates access tokens and caches the valid ones. Every process validates for itself: access to the internal network grants no rights. A valid token is
/// cached until it expires, so its signature is verified once per process.
/// </summary>
public class TokenValidator(SigningKeyCache keys, RevocationList revocations, IOptions<TokenOptions> options, TimeProvider clock) : IDisposable
{
    private const int MaxCachedTokens = 20_000;
    private const int MaxTokenLength = 4096;

    /// <summary>The maximum difference between the clocks of two processes.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Returns how long a revocation must be kept to outlast every token that was issued by its time, given the lifetime of tokens. A forged token can appear
    /// to be issued one <see cref="ClockSkew"/> later and live one <see cref="ClockSkew"/> longer than other tokens, and the replica of Identity that removes
    /// the revocation may be one <see cref="ClockSkew"/> ahead of the one that added it. The fourth allows for processing time.
    /// </summary>
    public static TimeSpan RevocationRetention(TimeSpan lifetime) => lifetime + 4 * ClockSkew;

    /// <summary>
    /// Returns the revocation time of a signing key: the last moment at which a process that is cut off from Identity may still know the key and accept tokens
    /// signed with it.
    /// </summary>
    /// <param name="now">The time at which the key is withdrawn.</param>
    public static DateTimeOffset KeyRevokedAt(DateTimeOffset now) => now + SigningKeyCache.MaxStaleAge;

    /// <summary>Gets the audience of the tokens that are valid.</summary>
    protected virtual string Audience => options.Value.Audience;

    /// <summary>Gets the issuers whose tokens are valid.</summary>
    protected virtual IEnumerable<string> Issuers => options.Value.AcceptedIssuers;

    /// <summary>Gets the types of the tokens that are valid, as their header names them.</summary>
    protected virtual IEnumerable<string> Types => [TokenTypes.Jwt, TokenTypes.AccessToken];

    /// <summary>Returns whether a token with a valid signature has all that tokens for <see cref="Audience"/> have.</summary>
    protected virtual bool IsComplete(JsonWebToken token) => true;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxCachedTokens });
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <summary>Returns the caller of a request. Throws <see cref="Unauthenticated"/> when the request has no token or an invalid one.</summary>
    public ValueTask<Caller> AuthenticateAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0) throw new Unauthenticated(ErrorCodes.AuthRequired, "Log in first: send Authorization: Bearer with an access token.");
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) throw InvalidToken();
        // Nearly all requests have a token that is cached, and its text is long.
        var token = header.AsSpan(7).Trim();
        return _cache.TryGetValue(token, out var caller) ? new(ThrowIfInvalid((Caller)caller!)) : ValidateAsync(token.ToString(), http.RequestAborted);
    }

    /// <summary>Returns the caller that a token names. Throws <see cref="Unauthenticated"/> when the token is malformed, forged, expired or revoked.</summary>
    public async ValueTask<Caller> ValidateAsync(string token, CancellationToken ct)
    {
        if (!_cache.TryGetValue(token, out Caller? caller))
        {
            caller = await ValidateUncachedAsync(token, ct);
            if (caller.ExpiresAt > clock.GetUtcNow())
                _cache.Set(token, caller, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpiration = caller.ExpiresAt });
        }

        return ThrowIfInvalid(caller!);
    }

    /// <summary>Returns whether a validated token is still valid. Used for connections that outlive the request that opened them.</summary>
    public bool IsStillValid(Caller caller) => caller.ExpiresAt > clock.GetUtcNow() && !revocations.IsRevoked(caller);

    private Caller ThrowIfInvalid(Caller caller) => IsStillValid(caller) ? caller : throw InvalidToken();

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
            ValidIssuers = Issuers,
            ValidTypes = Types,
            ValidAudience = Audience,
            ClockSkew = TimeSpan.Zero,
            LifetimeValidator = (_, expires, _, _) => expires > clock.GetUtcNow().UtcDateTime,
        });
        if (!result.IsValid || !Guid.TryParseExact(read.Kid, "N", out var keyId) || !HasAllowedLifetime(read) || !IsComplete(read)) throw InvalidToken();

        return Guid.TryParse(GetClaim(read, TokenClaims.UserId), out var user)
            && Guid.TryParse(GetClaim(read, TokenClaims.Session), out var session)
            && EnumNames.TryParse<Role>(GetClaim(read, TokenClaims.Role), out var role)
            ? new Caller(
                user,
                GetClaim(read, TokenClaims.Email) ?? "",
                role,
                Guid.TryParse(GetClaim(read, TokenClaims.HospitalId), out var hospital) ? hospital : null,
                session,
                // Tokens from earlier versions lack this claim; whole seconds cannot tell a token from one that was ended just before.
                read.TryGetPayloadValue<long>(TokenClaims.IssuedAt, out var issuedAt)
                    ? DateTimeOffset.FromUnixTimeMilliseconds(issuedAt)
                    : read.IssuedAt,
                read.ValidTo)
            {
                KeyId = keyId,
                // Tokens from earlier versions lack this claim. Their own issue time, which is later, takes its place.
                LoggedInAt = read.TryGetPayloadValue<long>(TokenClaims.LoggedInAt, out var loggedInAt)
                    ? DateTimeOffset.FromUnixTimeMilliseconds(loggedInAt)
                    : read.IssuedAt,
                RefreshedAt = read.TryGetPayloadValue<long>(TokenClaims.RefreshedAt, out var refreshedAt)
                    ? DateTimeOffset.FromUnixTimeSeconds(refreshedAt)
                    : null,
                AuthenticatedAt = read.TryGetPayloadValue<long>(TokenClaims.AuthenticatedAt, out var authenticatedAt)
                    ? DateTimeOffset.FromUnixTimeSeconds(authenticatedAt)
                    : null,
                StepUpAge = read.TryGetPayloadValue<long>(TokenClaims.StepUpAge, out var stepUpAge) ? TimeSpan.FromSeconds(stepUpAge) : null,
                Scopes = ReadScopes(read),
                ClientId = GetClaim(read, TokenClaims.ClientId),
            }
            : throw InvalidToken();
    }

    /// <summary>
    /// Returns whether a token was issued by now and does not exceed the maximum lifetime. Identity signs no other tokens: one that is valid for years or
    /// issued years ahead was made with a stolen key, whose revocation is kept no longer than tokens live. A token without <c>iat</c> counts as issued in the
    /// year 1.
    /// </summary>
    private bool HasAllowedLifetime(JsonWebToken token) =>
        token.IssuedAt <= clock.GetUtcNow().UtcDateTime + ClockSkew
        && token.ValidTo - token.IssuedAt <= TimeSpan.FromSeconds(options.Value.MaxLifetimeSeconds) + ClockSkew;

    /// <summary>
    /// Returns the scopes of a token; null for a login's that has no such claim. Scopes that this version does not know, a claim that is not a text, and a
    /// client's token without one permit nothing.
    /// </summary>
    private static ScopeSet? ReadScopes(JsonWebToken token) =>
        token.TryGetPayloadValue<object>(TokenClaims.Scope, out var scope) || GetClaim(token, TokenClaims.ClientId) is not null
            ? ScopeSet.Parse(scope as string ?? "", out _)
            : null;

    private static string? GetClaim(JsonWebToken token, string name) => token.TryGetClaim(name, out var claim) ? claim.Value : null;

    private static Unauthenticated InvalidToken() => new(ErrorCodes.AuthInvalid, "The access token is not valid, or no longer. Refresh it or log in again.");

    public void Dispose()
    {
        _cache.Dispose();
        GC.SuppressFinalize(this);
    }
}
