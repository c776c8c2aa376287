using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Health;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Keys;

/// <summary>Registers the services of the signing keys and maps the two public documents: the key set and the discovery document.</summary>
internal static class KeyEndpoints
{
    private const string JwksPath = "/.well-known/jwks.json";

    internal static void AddKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<KeyOptions>().BindConfiguration("Identity").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<KeyOptions>, KeyOptionsValidator>();
        builder.Services.AddSingleton<KeyEncryption>().AddSingleton<KeyRing>();
        builder.Services.AddHostedService<KeyRingStartupCheck>();
        // Other services fetch the keys from Identity over the network; Identity reads its own key ring.
        builder.Services.AddHttpClient(SigningKeyCache.HttpClientName)
            .ConfigurePrimaryHttpMessageHandler(services => new LocalKeySetHandler(services.GetRequiredService<KeyRing>()));
    }

    internal static void MapKeys(this WebApplication app)
    {
        app.MapGet(JwksPath, async (HttpContext http, KeyRing ring) =>
        {
            http.Response.Headers.CacheControl = "public, max-age=300";
            return Results.Json(new KeySet(await ring.GetPublicKeysAsync(http.RequestAborted)), Json.Options);
        });

        app.MapGet("/.well-known/openid-configuration", (IOptions<TokenOptions> tokens, IOptions<KeyOptions> keys) =>
        {
            var issuer = keys.Value.PublicUrl.TrimEnd('/');
            return Results.Json(new Discovery(tokens.Value.Issuer, issuer + JwksPath, issuer + "/api/auth/login/", ["ES256"], ["public"], ["token"]),
                Json.Options);
        }).AvailableWithoutDatabase();
    }

    /// <summary>
    /// Fails the start of a replica whose secret differs from the one that encrypted the keys, so that it accepts no logins that it cannot answer.
    /// </summary>
    private sealed class KeyRingStartupCheck(KeyRing ring) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken) => await ring.GetSigningCredentialsAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed record KeySet(IReadOnlyList<PublicKey> Keys);

    /// <summary>Represents the discovery document of OpenID Connect Discovery 1.0, section 3, with the fields that apply.</summary>
    private sealed record Discovery(
        string Issuer,
        string JwksUri,
        string TokenEndpoint,
        IReadOnlyList<string> IdTokenSigningAlgValuesSupported,
        IReadOnlyList<string> SubjectTypesSupported,
        IReadOnlyList<string> ResponseTypesSupported);

    private sealed class LocalKeySetHandler(KeyRing ring) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            new() { Content = JsonContent.Create(new KeySet(await ring.GetPublicKeysAsync(cancellationToken)), options: Json.Options) };
    }
}
