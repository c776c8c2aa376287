using MedCor.Contracts;
using MedCor.ServiceDefaults.Authentication;
using MedCor.ServiceDefaults.Health;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Keys;

/// <summary>Registers the services of the signing keys and maps the public key set.</summary>
internal static class KeyEndpoints
{
    /// <summary>The path of the key set.</summary>
    internal const string JwksPath = "/.well-known/jwks.json";

    internal static void AddKeys(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<KeyOptions>().BindConfiguration("Identity").ValidateOnStart();
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

    private sealed class LocalKeySetHandler(KeyRing ring) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            new() { Content = JsonContent.Create(new KeySet(await ring.GetPublicKeysAsync(cancellationToken)), options: Json.Options) };
    }
}
