using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Health;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Keys;

/// <summary>The signing keys: their registration, and their two public documents.</summary>
internal static class KeyEndpoints
{
    private const string JwksPath = "/.well-known/jwks.json";

    internal static void AddKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<KeyOptions>().BindConfiguration("Identity").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<KeyOptions>, KeyOptionsValidator>();
        builder.Services.AddSingleton<KeyEncryption>().AddSingleton<KeyRing>();
        builder.Services.AddHostedService<KeyRingStartupCheck>();
        // Where every other service asks Identity for its keys, Identity asks itself, and not over the network.
        builder.Services.AddHttpClient(SigningKeyCache.HttpClientName).ConfigurePrimaryHttpMessageHandler(services => new LocalKeySetHandler(services.GetRequiredService<KeyRing>()));
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
            var home = keys.Value.PublicUrl.TrimEnd('/');
            return Results.Json(new Discovery(tokens.Value.Issuer, home + JwksPath, home + "/api/auth/login/", ["ES256"], ["public"], ["token"]), Json.Options);
        }).AvailableWithoutDatabase();
    }

    /// <summary>A replica that has another secret than the one before must not take logins that it cannot answer.</summary>
    private sealed class KeyRingStartupCheck(KeyRing ring) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken) => await ring.GetSigningCredentialsAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed record KeySet(IReadOnlyList<PublicKey> Keys);

    /// <summary>OpenID Connect Discovery 1.0, section 3, as far as it applies.</summary>
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
