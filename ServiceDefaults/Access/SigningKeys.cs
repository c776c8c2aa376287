using Microsoft.IdentityModel.Tokens;

namespace MedCor.ServiceDefaults.Access;

/// <summary>Identity's public keys, fetched when a token names one that is not known yet: so a new key is met without waiting.</summary>
public sealed class SigningKeys(IHttpClientFactory clients, TimeProvider clock) : IDisposable
{
    /// <summary>However many bad tokens arrive, Identity is asked no more often than this.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>A key that Identity withdrew is dropped within this time.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim fetching = new(1, 1);
    private volatile Known known = new([], DateTimeOffset.MinValue);

    /// <summary>The key of that id, or none. Throws <see cref="HttpRequestException"/> while Identity cannot be reached and the key is not known.</summary>
    public async ValueTask<SecurityKey?> Find(string keyId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var keys = known;
        if (keys.ByName.TryGetValue(keyId, out var key) && now - keys.At < Age) return key;
        if (now - keys.At < Pause) return key;

        await fetching.WaitAsync(ct);
        try
        {
            if (known.At == keys.At)
            {
                var json = await clients.CreateClient(Upstream.Client("identity")).GetStringAsync("/.well-known/jwks.json", ct);
                known = new(new JsonWebKeySet(json).GetSigningKeys().ToDictionary(k => k.KeyId), clock.GetUtcNow());
            }
            return known.ByName.GetValueOrDefault(keyId);
        }
        finally
        {
            fetching.Release();
        }
    }

    public void Dispose() => fetching.Dispose();

    private sealed record Known(Dictionary<string, SecurityKey> ByName, DateTimeOffset At);
}
