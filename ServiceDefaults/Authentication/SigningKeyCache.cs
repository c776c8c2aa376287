using Microsoft.IdentityModel.Tokens;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>Identity's public keys, fetched when a token names one that is not known yet: so a new key is met without waiting.</summary>
public sealed class SigningKeyCache(IHttpClientFactory clients, TimeProvider clock) : IDisposable
{
    /// <summary>However many bad tokens arrive, Identity is asked no more often than this.</summary>
    private static readonly TimeSpan MinRefreshInterval = TimeSpan.FromSeconds(2);

    /// <summary>A key that Identity no longer publishes is dropped within this time. One that was revoked counts no more as soon as <see cref="RevocationList"/> know.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    /// <summary>While Identity cannot be asked, keys that it told serve on for this long: who keeps a process from it must not keep a withdrawn key alive for good.</summary>
    public static readonly TimeSpan MaxStaleAge = TimeSpan.FromHours(24);

    /// <summary>The name of the client that asks.</summary>
    public const string HttpClientName = "signing-keys";

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile KeySet _keySet = new([], DateTimeOffset.MinValue);
    private DateTimeOffset _requestedAt = DateTimeOffset.MinValue;

    /// <summary>
    /// The key of that id, or none. A key that is known serves on while Identity is away, for <see cref="MaxStaleAge"/>; one that is not
    /// throws <see cref="HttpRequestException"/> then, at once if Identity was asked in vain a moment ago.
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
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
                patience.CancelAfter(MinRefreshInterval);
                var json = await clients.CreateClient(HttpClientName).GetStringAsync("http://identity/.well-known/jwks.json", patience.Token);
                _keySet = new(new JsonWebKeySet(json).GetSigningKeys().ToDictionary(k => k.KeyId), _requestedAt);
            }
            else if (_keySet.FetchedAt < _requestedAt) throw new HttpRequestException("Identity did not tell its keys.");
            return _keySet.ById.GetValueOrDefault(keyId);
        }
        catch (Exception e) when (key is not null && clock.GetUtcNow() - _keySet.FetchedAt < MaxStaleAge && !ct.IsCancellationRequested && (e is HttpRequestException or OperationCanceledException))
        {
            return key;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new HttpRequestException("Identity did not tell its keys in time.");
        }
        finally
        {
            _fetching.Release();
        }
    }

    public void Dispose() => _fetching.Dispose();

    private sealed record KeySet(Dictionary<string, SecurityKey> ById, DateTimeOffset FetchedAt);
}
