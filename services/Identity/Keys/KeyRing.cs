using System.Security.Cryptography;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Revocations;
using MedCor.Platform.Audit;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;

namespace MedCor.Identity.Keys;

/// <summary>
/// Manages the signing keys, which all replicas share through the database. A new key is published for an hour before it signs, so that no service receives a
/// token of a key that it could not have fetched; an old key stays published until the last token that it signed has expired.
/// </summary>
internal sealed class KeyRing(IServiceScopeFactory scopes, KeyEncryption encryption, RevocationList revocations, TimeProvider clock) : IDisposable
{
    internal static readonly TimeSpan SigningPeriod = TimeSpan.FromDays(30);
    internal static readonly TimeSpan PublishedBeforeSigning = TimeSpan.FromHours(1);

    /// <summary>The longest lifetime that any configuration, current or former, allows for an access token.</summary>
    internal static readonly TimeSpan PublishedAfterSigning = TimeSpan.FromSeconds(TokenOptions.MaxConfigurableSeconds);

    /// <summary>Specifies the time for which this replica may keep signing with a cached key after another replica has created the next one.</summary>
    private static readonly TimeSpan CacheDuration = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _loading = new(1, 1);
    private volatile CachedCredentials _loaded = new(null, DateTimeOffset.MinValue);

    /// <summary>
    /// Returns the credentials that sign now. Throws <see cref="InvalidOperationException"/> when the keys were encrypted with another secret.
    /// </summary>
    internal async ValueTask<SigningCredentials> GetSigningCredentialsAsync(CancellationToken ct)
    {
        var ring = _loaded;
        if (ring.Credentials is not null
            && clock.GetUtcNow() - ring.LoadedAt < CacheDuration && !revocations.IsKeyRevoked(SigningKey.ToRevocationId(ring.Credentials.Kid)))
            return ring.Credentials;

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

    /// <summary>
    /// Returns the keys with which services verify tokens. The database is read each time, because services
    /// ask exactly when they receive a token of an unknown key.
    /// </summary>
    internal async Task<IReadOnlyList<PublicKey>> GetPublicKeysAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var keys = await ReadKeysAsync(OpenDb(scope), ct);
        if (FindSigningKey(keys) is null) keys = await RotateAsync(at: null, ct);
        return [.. keys.Select(k => k.ToPublicKey())];
    }

    /// <summary>Creates the next key when it is due, or at once when <paramref name="at"/> is given, and deletes the keys that are no longer needed.</summary>
    /// <param name="at">The time from which the new key signs; if null, the end of the newest key's signing period.</param>
    /// <param name="revoked">The id of a key to revoke: the key is deleted at once, and every process rejects the tokens that it signed.</param>
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
        var isNew = false;
        if (NextSignsFrom(at, keys, now) is { } signsFrom)
        {
            isNew = true;
            var next = SigningKey.Create(encryption, now, signsFrom);
            db.Add(next);
            keys.Add(next);
        }
        var retired = FindRetired(keys, now);
        db.RemoveRange(retired);
        await db.SaveChangesAsync(ct);
        if (isNew || revoked is not null)
            await scope.ServiceProvider.GetRequiredService<IAuditTrail>().RecordAsync(AuditActor.System,
                new("rotate_keys", "signing_keys") { Kind = AuditKind.Administration, Fields = revoked is null ? null : ["revoke"] },
                AuditOutcome.Done, hospitalId: null, ct);
        await transaction.CommitAsync(ct);
        return [.. keys.Except(retired)];
    }

    public void Dispose() => _loading.Dispose();

    /// <summary>Returns when a further key is to start signing; null when none is needed.</summary>
    internal static DateTimeOffset? NextSignsFrom(DateTimeOffset? requestedAt, IReadOnlyList<SigningKey> keys, DateTimeOffset now)
    {
        if (requestedAt is not null || keys.Count == 0) return requestedAt ?? now;
        var due = keys.Max(k => k.SignsFrom) + SigningPeriod;
        return due - PublishedBeforeSigning <= now ? Max(due, now + PublishedBeforeSigning) : null;
    }

    /// <summary>Returns the keys whose last token has expired: their successor has been signing for longer than a token lives.</summary>
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
                "The signing keys were encrypted with another secret. Give Identity__KeyEncryptionSecret its former value, or run this service with "
                + "`rotate-keys` to sign with a new key.");
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
