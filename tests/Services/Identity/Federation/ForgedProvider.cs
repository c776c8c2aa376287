using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Tests.Services.Identity.Federation;

/// <summary>
/// Runs an OpenID Connect provider that answers correctly, unless a test changes the answer. It logs everybody in at once, and insists on PKCE and the secret.
/// </summary>
internal sealed class ForgedProvider : IAsyncDisposable
{
    public const string ClientId = "medcor-at-the-hospital";
    public const string ClientSecret = "a secret that HS256 would accept as a key, 2026";

    private const string KeyId = "key-1";
    // Another one for each provider: MedCor remembers the key of an issuer, and a provider can be started at the port of a former one.
    private readonly string _path = $"/{Guid.NewGuid()}";
    private readonly WebApplication _web;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ConcurrentDictionary<string, ForgedAnswer> _codes = new();

    private ForgedProvider()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _web = builder.Build();
        _web.UseRouting();
        var endpoints = _web.MapGroup(_path);
        endpoints.MapGet("/.well-known/openid-configuration", http => http.Response.WriteAsJsonAsync(Metadata));
        endpoints.MapGet("/jwks", http => http.Response.WriteAsJsonAsync(new { keys = new[] { GetPublicKey() } }));
        endpoints.MapGet("/authorize", AuthorizeAsync);
        endpoints.MapPost("/token", ExchangeAsync);
        // Where a client of MedCor receives its own code.
        endpoints.MapGet("/client", _ => Task.CompletedTask);
    }

    /// <summary>Gets the discovery document.</summary>
    public Dictionary<string, object> Metadata { get; } = [];

    public string Issuer => _web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + _path;

    /// <summary>Gets or sets what changes the next answers.</summary>
    public Action<ForgedAnswer> Forge { get; set; } = _ => { };

    /// <summary>Gets the last request for a login.</summary>
    public IQueryCollection LastRequest { get; private set; } = new QueryCollection();

    /// <summary>Gets the key that signs.</summary>
    public SigningCredentials Key => new(new ECDsaSecurityKey(_key) { KeyId = KeyId }, SecurityAlgorithms.EcdsaSha256);

    public static async Task<ForgedProvider> Start()
    {
        var provider = new ForgedProvider();
        await provider._web.StartAsync();
        provider.Metadata["issuer"] = provider.Issuer;
        provider.Metadata["authorization_endpoint"] = provider.Issuer + "/authorize";
        provider.Metadata["token_endpoint"] = provider.Issuer + "/token";
        provider.Metadata["jwks_uri"] = provider.Issuer + "/jwks";
        provider.Metadata["authorization_response_iss_parameter_supported"] = true;
        return provider;
    }

    /// <summary>Returns the credentials of another key, with the name of the provider's own or with another.</summary>
    public static SigningCredentials CreateForeignKey(string keyId = KeyId) =>
        new(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = keyId }, SecurityAlgorithms.EcdsaSha256);

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _key.Dispose();
    }

    private object GetPublicKey()
    {
        var parameters = _key.ExportParameters(includePrivateParameters: false);
        var (x, y) = (Base64UrlEncoder.Encode(parameters.Q.X), Base64UrlEncoder.Encode(parameters.Q.Y));
        return new { kty = "EC", crv = "P-256", use = "sig", kid = KeyId, x, y };
    }

    private async Task AuthorizeAsync(HttpContext http)
    {
        var (query, now) = (LastRequest = http.Request.Query, DateTimeOffset.UtcNow);
        var answer = new ForgedAnswer
        {
            Challenge = query["code_challenge"]!,
            RedirectUri = query["redirect_uri"]!,
            Key = Key,
            Claims =
            {
                ["iss"] = Issuer, ["aud"] = ClientId, ["sub"] = "nobody", ["nonce"] = query["nonce"].ToString(), ["iat"] = now.ToUnixTimeSeconds(),
                ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(), ["auth_time"] = now.ToUnixTimeSeconds(), ["email_verified"] = true,
                ["given_name"] = "Robin", ["family_name"] = "Federated",
            },
            Parameters = { ["code"] = Guid.NewGuid().ToString(), ["state"] = query["state"], ["iss"] = Issuer },
        };
        Forge(answer);
        if (answer.Parameters["code"] is { } code) _codes[code] = answer;
        if (answer.IsKept) await http.Response.WriteAsync("kept");
        else http.Response.Redirect(answer.Callback);
    }

    private async Task ExchangeAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ClientId}:{System.Net.WebUtility.UrlEncode(ClientSecret)}"));
        var challenge = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (http.Request.Headers.Authorization != $"Basic {credentials}" || !_codes.TryRemove(form["code"].ToString(), out var answer)
            || answer.Challenge != challenge || answer.RedirectUri != form["redirect_uri"])
        {
            http.Response.StatusCode = 400;
            await http.Response.WriteAsJsonAsync(new { error = "invalid_grant" });
            return;
        }
        await http.Response.WriteAsJsonAsync(new { access_token = "opaque", token_type = "Bearer", id_token = answer.CreateIdToken() });
    }
}

/// <summary>Represents what the provider answers to one request: an address with parameters, and an ID token for the code in them.</summary>
internal sealed class ForgedAnswer
{
    public required string Challenge { get; set; }
    public required string RedirectUri { get; init; }

    /// <summary>Gets or sets the key that signs the ID token; null for a token that says that it needs no signature.</summary>
    public required SigningCredentials? Key { get; set; }

    public Dictionary<string, object> Claims { get; } = [];

    /// <summary>Gets the parameters of the address to which the browser returns; null leaves one out.</summary>
    public Dictionary<string, string?> Parameters { get; } = [];

    /// <summary>Gets or sets whether the browser stays at the provider.</summary>
    public bool IsKept { get; set; }

    public string Callback =>
        RedirectUri + "?" + string.Join('&', Parameters.Where(p => p.Value is not null).Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value!)}"));

    public string CreateIdToken() => Key is not null
        ? new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(JsonSerializer.Serialize(Claims), Key)
        : $"{Base64UrlEncoder.Encode("""{"alg":"none","typ":"JWT"}""")}.{Base64UrlEncoder.Encode(JsonSerializer.Serialize(Claims))}.";
}
