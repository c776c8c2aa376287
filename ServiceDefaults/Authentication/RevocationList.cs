using System.Collections.Frozen;
using MedCor.Contracts;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Which logins, users and hospitals were cut off before their tokens end, and which signing keys are no longer trusted. Identity writes the list to Redis, every process reads it every second,
/// so a revoked token stops working everywhere within two seconds. While Redis is away the last list read still holds.
/// </summary>
public sealed class RevocationList(IConnectionMultiplexer redis, TimeProvider clock, ILogger<RevocationList> log)
    : PeriodicService(RefreshInterval, clock, log, runsAtStart: true)
{
    private const string Key = "medcor:revoked";
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock = clock;
    private volatile FrozenDictionary<Guid, DateTimeOffset>? _snapshot;

    /// <summary>Whether a list was read yet.</summary>
    public bool IsLoaded => _snapshot is not null;

    /// <summary>
    /// Whether the caller's login or the key that signed their token was revoked, or their user or hospital since the token was issued.
    /// Throws <see cref="Unavailable"/> while no list was read yet: a process that starts without Redis trusts nobody.
    /// </summary>
    public bool IsRevoked(Caller caller)
    {
        var list = _snapshot ?? throw new Unavailable("Tokens cannot be checked at this moment. Try again shortly.");
        return list.Count > 0
            && (list.ContainsKey(caller.SessionId) || list.ContainsKey(caller.KeyId) || IsRevokedSince(list, caller.UserId, caller) || (caller.HospitalId is { } hospital && IsRevokedSince(list, hospital, caller)));
    }

    /// <summary>Tells whether the list that was last read names this signing key as revoked.</summary>
    public bool IsKeyRevoked(Guid keyId) => _snapshot is { } list && list.ContainsKey(keyId);

    /// <summary>Whether the list that was last read has this revocation, or a later one of the same.</summary>
    public bool Contains(Guid revoked, DateTimeOffset at) =>
        _snapshot is { } list && list.TryGetValue(revoked, out var since) && since.ToUnixTimeMilliseconds() >= at.ToUnixTimeMilliseconds();

    /// <summary>Cuts off logins, signing keys, or all tokens that users or hospitals held at a time. Kept for <paramref name="lifetime"/>, the longest that such a token may still live.</summary>
    public async Task RevokeAsync(IReadOnlyDictionary<Guid, DateTimeOffset> revoked, TimeSpan lifetime)
    {
        var db = redis.GetDatabase();
        await db.SortedSetRemoveRangeByScoreAsync(Key, double.NegativeInfinity, (_clock.GetUtcNow() - lifetime).ToUnixTimeMilliseconds());
        await db.SortedSetAddAsync(Key, [.. revoked.Select(r => new SortedSetEntry(r.Key.ToString("N"), r.Value.ToUnixTimeMilliseconds()))]);
        await RefreshAsync();
    }

    protected override Task RunOnceAsync(CancellationToken ct) => RefreshAsync();

    private static bool IsRevokedSince(FrozenDictionary<Guid, DateTimeOffset> list, Guid id, Caller caller) => list.TryGetValue(id, out var since) && caller.IssuedAt <= since;

    private async Task RefreshAsync() =>
        _snapshot = (await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(Key))
            .ToFrozenDictionary(e => Guid.ParseExact(e.Element!, "N"), e => DateTimeOffset.FromUnixTimeMilliseconds((long)e.Score));
}
