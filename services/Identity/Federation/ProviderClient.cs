using System.Globalization;
using System.IdentityModel.Tokens.Jwt;
using System.Net;
using System.Text;
using MedCor.Identity.Authorization;
using MedCor.Identity.IdentityProviders;
using MedCor.Identity.Keys;
using MedCor.Identity.SecondFactors;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Federation;

/// <summary>
/// Speaks OpenID Connect with the providers of hospitals: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, section 3.1). What the
/// provider answers is verified by Microsoft's libraries, besides what they leave to their callers.
/// </summary>
internal sealed class ProviderClient(ProviderMetadata metadata, PublicHttp http, KeyEncryption encryption, TimeProvider clock, ILogger<ProviderClient> log)
{
    /// <summary>The difference between the clocks of two servers that is accepted.</summary>
    internal static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>The maximum length of a subject (OpenID Connect Core 1.0, section 8).</summary>
    private const int MaxSubjectLength = 255;

    private const string Scopes = "openid email profile";

    /// <summary>The algorithms with which a provider alone can sign: not those whose key is the client secret, and not none.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly OpenIdConnectProtocolValidator Protocol = new() { RequireStateValidation = false, RequireTimeStampInNonce = false };

    private readonly JsonWebTokenHandler _tokens = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = PublicHttp.MaxSize };

    /// <summary>Returns the address at which a person logs in at the provider; null when the provider cannot be used.</summary>
    /// <param name="isRepeated">Whether the person logs in again although the provider knows them already.</param>
    internal Task<string?> CreateRequestAsync(IdentityProvider provider, ProviderAttempt attempt, string redirectUri, bool isRepeated, CancellationToken ct) =>
        TryAsync(provider, async () =>
        {
            var description = await metadata.GetAsync(provider.Issuer!, ct);
            var request = new OpenIdConnectMessage
            {
                IssuerAddress = new Uri(description.Configuration.AuthorizationEndpoint).AbsoluteUri,
                ResponseType = OpenIdConnectResponseType.Code,
                ClientId = provider.ClientId,
                RedirectUri = redirectUri,
                Scope = Scopes,
                State = attempt.State,
                Nonce = attempt.Nonce,
                // A login at the provider is good for as long as one at MedCor. The provider then says when it was.
                MaxAge = LogInCookie.Lifetime.TotalSeconds.ToString(CultureInfo.InvariantCulture),
                EnableTelemetryParameters = false,
            };
            if (isRepeated) request.Prompt = OpenIdConnectPrompt.Login;
            request.SetParameter("code_challenge", attempt.Challenge);
            request.SetParameter("code_challenge_method", "S256");
            return request.BuildRedirectUrl();
        }, ct);

    /// <summary>Exchanges a code and returns who has logged in at the provider; null when the answer cannot be used.</summary>
    /// <param name="issuer">The issuer that the answer names (RFC 9207); null for none.</param>
    internal Task<ProviderIdentity?> RedeemAsync(
        IdentityProvider provider, ProviderAttempt attempt, string redirectUri, string code, string? issuer, CancellationToken ct) =>
        TryAsync(provider, async () =>
        {
            var description = await metadata.GetAsync(provider.Issuer!, ct);
            if (issuer is null ? description.Configuration.AuthorizationResponseIssParameterSupported : issuer != provider.Issuer)
                throw new ProviderFailure("the answer is of another issuer");
            var answer = await ExchangeAsync(provider, attempt, redirectUri, code, description.Configuration, ct);
            var token = await ValidateAsync(provider, description, answer.IdToken, ct);
            // What the library accepts with a warning: a token for several, without the one for whom it was made.
            if (token.Audiences.Skip(1).Any() && token.Azp is not { Length: > 0 }) throw new ProviderFailure("the ID token is for several clients");
            if (token.IssuedAt > clock.GetUtcNow().UtcDateTime + ClockSkew) throw new ProviderFailure("the ID token was issued in the future");
            Protocol.ValidateTokenResponse(new()
            {
                ClientId = provider.ClientId,
                Nonce = attempt.Nonce,
                ProtocolMessage = answer,
                ValidatedIdToken = JwtSecurityTokenConverter.Convert(token),
            });
            return Read(provider, token);
        }, ct);

    private async Task<OpenIdConnectMessage> ExchangeAsync(
        IdentityProvider provider, ProviderAttempt attempt, string redirectUri, string code, OpenIdConnectConfiguration configuration, CancellationToken ct)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = OpenIdConnectGrantTypes.AuthorizationCode,
            ["code"] = code,
            ["redirect_uri"] = redirectUri,
            ["code_verifier"] = attempt.Verifier,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, configuration.TokenEndpoint) { Headers = { Accept = { new("application/json") } } };
        var secret = provider.GetClientSecret(encryption);
        // Basic is the default where a provider says nothing (OpenID Connect Discovery 1.0, section 3).
        var methods = configuration.TokenEndpointAuthMethodsSupported;
        if (methods.Contains("client_secret_post") && !methods.Contains("client_secret_basic"))
            (form["client_id"], form["client_secret"]) = (provider.ClientId!, secret);
        else
            request.Headers.Authorization = new("Basic",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{WebUtility.UrlEncode(provider.ClientId)}:{WebUtility.UrlEncode(secret)}")));
        request.Content = new FormUrlEncodedContent(form);
        return await http.TrySendAsync(request, ct) is { Status: HttpStatusCode.OK } response
            ? new(Encoding.UTF8.GetString(response.Body.Span))
            : throw new ProviderFailure("the code was not exchanged");
    }

    /// <summary>Returns an ID token whose signature, issuer, audience and times are right, with the keys that the provider has by now.</summary>
    private async Task<JsonWebToken> ValidateAsync(IdentityProvider provider, ProviderDescription description, string idToken, CancellationToken ct)
    {
        var result = await ValidateOnceAsync(provider, description, idToken);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && await metadata.RefreshAsync(provider.Issuer!, description, ct) is { } newer)
            result = await ValidateOnceAsync(provider, newer, idToken);
        return result.IsValid ? (JsonWebToken)result.SecurityToken : throw result.Exception;
    }

    private Task<TokenValidationResult> ValidateOnceAsync(IdentityProvider provider, ProviderDescription description, string idToken) =>
        _tokens.ValidateTokenAsync(idToken, new TokenValidationParameters
        {
            ValidIssuer = provider.Issuer,
            ValidAudience = provider.ClientId,
            IssuerSigningKeys = description.Configuration.SigningKeys,
            ValidAlgorithms = Algorithms,
            ClockSkew = ClockSkew,
        });

    private ProviderIdentity Read(IdentityProvider provider, JsonWebToken token)
    {
        if (token.Subject.Length > MaxSubjectLength) throw new ProviderFailure("the subject is too long");
        using var claims = new IdTokenClaims(token);
        return new(
            token.Subject,
            // Microsoft Entra ID has a claim of its own: that the domain of the address belongs to the organization.
            claims.IsTrue("email_verified") || claims.IsTrue("xms_edov") ? claims.FindText("email") : null,
            claims.FindText("given_name"),
            claims.FindText("family_name"),
            provider.RoleClaim is { } roles ? claims.GetTexts(roles) : [],
            AuthenticationMethods.FromProvider(claims.GetTexts("amr"), claims.FindText("acr")),
            ReadTime(claims));
    }

    /// <summary>
    /// Returns when the person has logged in. A provider that does not say it has promised no more than it was asked for, so the login is no recent one.
    /// </summary>
    private DateTimeOffset ReadTime(IdTokenClaims claims)
    {
        var now = clock.GetUtcNow();
        var earliest = now - LogInCookie.Lifetime;
        if (claims.FindTime("auth_time") is not { } at) return earliest;
        if (at < earliest - ClockSkew) throw new ProviderFailure("the person has logged in longer ago than was asked for");
        return at < now ? at : now;
    }

    private async Task<T?> TryAsync<T>(IdentityProvider provider, Func<Task<T>> speak, CancellationToken ct) where T : class
    {
        try
        {
            return await speak();
        }
        catch (Exception e) when (!ct.IsCancellationRequested) // any exception: what the provider answers decides which
        {
            // The message of another exception can contain a part of the answer.
            log.ProviderFailed(provider.HospitalId, e is ProviderFailure ? e.Message : e.GetType().Name);
            return null;
        }
    }
}

internal static partial class ProviderLog
{
    [LoggerMessage(2200, LogLevel.Warning, "A login through the identity provider of hospital {HospitalId} failed: {Reason}. The user is told to try again")]
    internal static partial void ProviderFailed(this ILogger log, Guid hospitalId, string reason);

    [LoggerMessage(2201, LogLevel.Information, "A login through the identity provider of hospital {HospitalId} was refused: {Reason}")]
    internal static partial void LogInRefused(this ILogger log, Guid hospitalId, string reason);

    [LoggerMessage(2202, LogLevel.Warning,
        "The identity provider of hospital {HospitalId} gives its last administrator another role, who keeps the role. Correct the role mappings")]
    internal static partial void LastAdminKept(this ILogger log, Guid hospitalId);
}
