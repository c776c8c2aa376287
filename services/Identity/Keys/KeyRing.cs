using System.Security.Cryptography;
using MedCor.Identity.Revocations;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Keys;

/// <summary>
/// The signing keys, the same for all replicas since they stand in the database. A new key is published for an hour before it signs, so that
/// nobody meets a token of a key they could not have fetched; an old one stays published until the last token that it signed has ended.
/// </summary>
internal sealed class KeyRing(IServiceScopeFactory scopes, KeyEncryption encryption, RevocationList revocations, TimeProvider clock) : IDisposable
{
    internal static readonly TimeSpan SigningPeriod = TimeSpan.FromDays(30);
    internal static readonly TimeSpan PublishedBeforeSigning = TimeSpan.FromHours(1);

    /// <summary>The longest that an access token may live, whatever is configured now or was then.</summary>
    internal static readonly TimeSpan PublishedAfterSigning = TimeSpan.FromSeconds(TokenOptions.MaxConfigurableSeconds);

    /// <summary>How long this replica may sign with a key after another one has decided on the next.</summary>
    private static readonly TimeSpan CacheDuration = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile CachedCredentials _loaded = new(null, DateTimeOffset.MinValue);

    /// <summary>What signs now. Throws <see cref="InvalidOperationException"/> when the keys were encrypted with another secret.</summary>
    internal async ValueTask<SigningCredentials> GetSigningCredentialsAsync(CancellationToken ct)
    {
        var ring = _loaded;
        if (ring.Credentials is not null && clock.GetUtcNow() - ring.LoadedAt < CacheDuration && !revocations.IsKeyRevoked(SigningKey.ToRevocationId(ring.Credentials.Kid))) return ring.Credentials;

        await _loading.WaitAsync(ct);
        try
        {
            if (ReferenceEquals(_loaded, ring)) await LoadAsync(ct);
            return _loaded.Credentials!;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>What others check with. Read anew each time, since they ask just when they meet a key that they do not know.</summary>
    internal async Task<IReadOnlyList<PublicKey>> GetPublicKeysAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var keys = await ReadKeysAsync(OpenDb(scope), ct);
        if (FindSigningKey(keys) is null) keys = await RotateAsync(at: null, ct);
        return [.. keys.Select(k => k.ToPublicKey())];
    }

    /// <summary>Makes the next key when the time has come, or at once when told so, and drops those that nothing needs any more.</summary>
    /// <param name="at">From when it is to sign; when the newest key's time is up unless given.</param>
    /// <param name="revoked">A key that is to count no more: it is dropped at once, and every process told to refuse what it signed.</param>
    internal async Task<List<SigningKey>> RotateAsync(DateTimeOffset? at, CancellationToken ct, string? revoked = null)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = OpenDb(scope);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtext('medcor.keys'))", ct);

        var now = clock.GetUtcNow();
        var keys = await ReadKeysAsync(db, ct);
        if (keys.Find(k => k.Id == revoked) is { } stolen)
        {
            keys.Remove(stolen);
            db.Remove(stolen);
            db.Add(new Revocation { RevokedId = SigningKey.ToRevocationId(stolen.Id), RevokedAt = TokenValidator.KeyRevokedAt(now) });
        }
        if (NextSignsFrom(at, keys, now) is { } signsFrom)
        {
            var next = SigningKey.Create(encryption, now, signsFrom);
            db.Add(next);
            keys.Add(next);
        }
        var spent = FindRetired(keys, now);
        db.RemoveRange(spent);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return [.. keys.Except(spent)];
    }

    public void Dispose() => _loading.Dispose();

    /// <summary>When a further key is to start signing; null while none is needed.</summary>
    internal static DateTimeOffset? NextSignsFrom(DateTimeOffset? requestedAt, IReadOnlyList<SigningKey> keys, DateTimeOffset now)
    {
        if (requestedAt is not null || keys.Count == 0) return requestedAt ?? now;
        var due = keys.Max(k => k.SignsFrom) + SigningPeriod;
        return due - PublishedBeforeSigning <= now ? Max(due, now + PublishedBeforeSigning) : null;
    }

    /// <summary>Those whose last token has ended: their successor signs for longer than a token lives.</summary>
    internal static List<SigningKey> FindRetired(IReadOnlyList<SigningKey> keys, DateTimeOffset now) =>
        [.. keys.Where(k => keys.Any(next => next.SignsFrom > k.SignsFrom && next.SignsFrom + PublishedAfterSigning + CacheDuration < now))];

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private SigningKey? FindSigningKey(IEnumerable<SigningKey> keys) => keys.Where(k => k.SignsFrom <= clock.GetUtcNow()).MaxBy(k => k.SignsFrom);

    private async Task LoadAsync(CancellationToken ct)
    {
        var keys = await RotateAsync(at: null, ct);
        try
        {
            _loaded = new(FindSigningKey(keys)!.ToSigningCredentials(encryption), clock.GetUtcNow());
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new InvalidOperationException(
                "The signing keys were encrypted with another secret. Give Identity__KeyEncryptionSecret its former value, or run this service with `rotate-keys` to sign with a new key.");
        }
    }

    private static IdentityDb OpenDb(AsyncServiceScope scope)
    {
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        db.Tenancy.Enter(hospital: null);
        return db;
    }

    private static Task<List<SigningKey>> ReadKeysAsync(IdentityDb db, CancellationToken ct) => db.SigningKeys.OrderBy(k => k.SignsFrom).ToListAsync(ct);

    private sealed record CachedCredentials(SigningCredentials? Credentials, DateTimeOffset LoadedAt);
}
