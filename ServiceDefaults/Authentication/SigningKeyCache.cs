using Microsoft.IdentityModel.Tokens;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>Caches Identity's public signing keys. A token that names an unknown key triggers a fetch, so a new key is accepted without delay.</summary>
public sealed class SigningKeyCache(IHttpClientFactory clients, TimeProvider clock) : IDisposable
{
    /// <summary>The minimum time between two requests to Identity, however many invalid tokens arrive.</summary>
    private static readonly TimeSpan MinRefreshInterval = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The time within which a key that Identity no longer publishes is dropped. A revoked key is rejected as soon as <see cref="RevocationList"/> contains it.
    /// </summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The time for which fetched keys stay usable while Identity is unavailable. The limit keeps an attacker who cuts a process off from Identity from keeping
    /// a withdrawn key valid forever.
    /// </summary>
    public static readonly TimeSpan MaxStaleAge = TimeSpan.FromHours(24);

    /// <summary>The name of the HTTP client that fetches the keys.</summary>
    public const string HttpClientName = "signing-keys";

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile KeySet _keySet = new([], DateTimeOffset.MinValue);
    private DateTimeOffset _requestedAt = DateTimeOffset.MinValue;

    /// <summary>
    /// Returns the key with the given ID, or null when there is none. While Identity is unavailable, a known key stays usable for <see cref="MaxStaleAge"/>;
    /// for an unknown key the method throws <see cref="HttpRequestException"/>, immediately if a fetch failed a moment ago.
    /// </summary>
    public async ValueTask<SecurityKey?> FindAsync(string keyId, CancellationToken ct)
    {
        var key = _keySet.ById.GetValueOrDefault(keyId);
        if (key is not null && clock.GetUtcNow() - _keySet.FetchedAt < MaxAge) return key;

        await _fetching.WaitAsync(ct);
        try
        {
            if (clock.GetUtcNow() - _requestedAt >= MinRefreshInterval)
            {
                _requestedAt = clock.GetUtcNow();
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
                timeout.CancelAfter(MinRefreshInterval);
                var json = await clients.CreateClient(HttpClientName).GetStringAsync("http://identity/.well-known/jwks.json", timeout.Token);
                _keySet = new(new JsonWebKeySet(json).GetSigningKeys().ToDictionary(k => k.KeyId), _requestedAt);
            }
            else if (_keySet.FetchedAt < _requestedAt) throw new HttpRequestException("Identity did not return its signing keys.");
            return _keySet.ById.GetValueOrDefault(keyId);
        }
        catch (Exception e) when (key is not null && clock.GetUtcNow() - _keySet.FetchedAt < MaxStaleAge && !ct.IsCancellationRequested
            && (e is HttpRequestException or OperationCanceledException))
        {
            return key;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new HttpRequestException("Identity did not return its signing keys in time.");
        }
        finally
        {
            _fetching.Release();
        }
    }

    public void Dispose() => _fetching.Dispose();

    private sealed record KeySet(Dictionary<string, SecurityKey> ById, DateTimeOffset FetchedAt);
}
