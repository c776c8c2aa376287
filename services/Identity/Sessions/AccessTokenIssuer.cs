using MedCor.Contracts;
using MedCor.Identity.Accounts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.SecondFactors;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Sessions;

/// <summary>Signs access tokens.</summary>
internal sealed class AccessTokenIssuer(IOptions<TokenOptions> tokens, IOptions<SessionOptions> sessions, TimeProvider clock)
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <param name="policy">The rules of the account's hospital.</param>
    /// <param name="refreshedAt">The time of the login or refresh from which the token descends.</param>
    /// <param name="latestExpiry">The latest time at which the token expires.</param>
    /// <param name="renewed">The holder of the token that is renewed: the new one is limited as it is. Null for the next tokens of the session.</param>
    /// <param name="clientId">The program that gets the token; null for a user's login, and for a renewal, which keeps the program.</param>
    /// <param name="at">The time of issue, where that was determined before; see <see cref="GetTime"/>.</param>
    /// <returns>The token and its lifetime in seconds.</returns>
    internal (string Token, int Seconds) Issue(Account account, Session session, SignInPolicy policy, SigningCredentials key, DateTimeOffset refreshedAt,
        DateTimeOffset latestExpiry, Caller? renewed = null, string? clientId = null, DateTimeOffset? at = null)
    {
        var described = CreateDescriptor(account, session, policy, key, refreshedAt, latestExpiry, renewed, clientId, at);
        return (_handler.CreateToken(described), (int)(described.Expires!.Value - described.IssuedAt!.Value).TotalSeconds);
    }

    /// <summary>Creates the descriptor of a token.</summary>
    internal SecurityTokenDescriptor CreateDescriptor(Account account, Session session, SignInPolicy policy, SigningCredentials key,
        DateTimeOffset refreshedAt, DateTimeOffset latestExpiry, Caller? renewed = null, string? clientId = null, DateTimeOffset? at = null)
    {
        var time = at ?? GetTime(clock.GetUtcNow(), account.Membership?.RevokedAt);
        var issuedAt = DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());
        var expiresAt = issuedAt + sessions.Value.AccessTokenLifetime;
        var claims = CreateClaims(account, session, policy, refreshedAt, time);
        claims[JwtRegisteredClaimNames.Jti] = Guid.CreateVersion7().ToString();
        if ((renewed is null ? session.Scope : renewed.Scopes?.ToString()) is { } scope) claims[TokenClaims.Scope] = scope;
        if ((clientId ?? renewed?.ClientId) is { } client) claims[TokenClaims.ClientId] = client;
        return new()
        {
            Issuer = tokens.Value.CurrentIssuer,
            Audience = tokens.Value.Audience,
            IssuedAt = issuedAt.UtcDateTime,
            Expires = (expiresAt < latestExpiry ? expiresAt : latestExpiry).UtcDateTime,
            Claims = claims,
            SigningCredentials = key,
        };
    }

    /// <summary>
    /// Returns the claims by which services recognize the caller and the session. They include the rule about step-up: a process that validates a token asks
    /// nobody.
    /// </summary>
    /// <param name="at">The time of issue; see <see cref="GetTime"/>.</param>
    internal static Dictionary<string, object> CreateClaims(Account account, Session session, SignInPolicy policy, DateTimeOffset refreshedAt,
        DateTimeOffset at)
    {
        var claims = new Dictionary<string, object>
        {
            [JwtRegisteredClaimNames.Sub] = account.Id.ToString(),
            [TokenClaims.UserId] = account.Id.ToString(),
            [TokenClaims.Email] = account.Email ?? account.Login?.Email ?? "",
            [TokenClaims.Role] = EnumNames.Of(account.Role),
            [TokenClaims.Session] = session.Id.ToString(),
            [TokenClaims.LoggedInAt] = session.StartedAt.ToUnixTimeMilliseconds(),
            [TokenClaims.RefreshedAt] = refreshedAt.ToUnixTimeSeconds(),
            [TokenClaims.IssuedAt] = at.ToUnixTimeMilliseconds(),
        };
        // A program has no factors, and has never logged in.
        if (account.ServiceScope is null)
        {
            claims[JwtRegisteredClaimNames.Amr] = AuthenticationMethods.GetClaim(session.AuthenticationMethods);
            claims[JwtRegisteredClaimNames.Acr] = AuthenticationMethods.GetContextClass(session.AuthenticationMethods);
            claims[TokenClaims.AuthenticatedAt] = (session.AuthenticatedAt ?? session.StartedAt).ToUnixTimeSeconds();
        }
        if (policy.StepUpMinutes is { } minutes) claims[TokenClaims.StepUpAge] = (long)TimeSpan.FromMinutes(minutes).TotalSeconds;
        if (account.HospitalId is { } hospital) claims[TokenClaims.HospitalId] = hospital.ToString();
        return claims;
    }

    /// <summary>
    /// Returns the time of an issue, or of an end of all sessions, in whole milliseconds: the current time, or the first one after the last end of all sessions
    /// of the user. So a token that is issued in the millisecond of such an end is valid, and the next end includes it. While it holds the lock of the user's
    /// membership, a process may issue tokens of that time.
    /// </summary>
    internal static DateTimeOffset GetTime(DateTimeOffset now, DateTimeOffset? revokedAt)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        return DateTimeOffset.FromUnixTimeMilliseconds(revokedAt is { } then ? Math.Max(milliseconds, then.ToUnixTimeMilliseconds() + 1) : milliseconds);
    }
}
