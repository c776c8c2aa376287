using System.Collections.Frozen;
using MedCor.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults.Authentication;

/// <summary>
/// Lists the sessions, users and hospitals whose tokens were revoked before they expire, and the signing keys that are no longer trusted. Identity writes the
/// list to <see cref="RedisConnections.Control"/> and every process reads it every second, so a revoked token stops working everywhere within two seconds.
/// While that Redis is unavailable, the last list that was read stays in force.
/// </summary>
public sealed class RevocationList(
    [FromKeyedServices(RedisConnections.Control)] IConnectionMultiplexer redis, TimeProvider clock, ILogger<RevocationList> log)
    : PeriodicService(RefreshInterval, clock, log, runsAtStart: true)
{
    private const string Key = "medcor:revoked";
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock = clock;
    private volatile FrozenDictionary<Guid, DateTimeOffset>? _snapshot;

    /// <summary>Gets whether the list has been read at least once.</summary>
    public bool IsLoaded => _snapshot is not null;

    /// <summary>
    /// Returns whether the caller's session or signing key was revoked, or the caller's user or hospital since the token was issued. Throws
    /// <see cref="Unavailable"/> until the list has been read once: a process that starts without Redis trusts no token.
    /// </summary>
    public bool IsRevoked(Caller caller)
    {
        var list = _snapshot ?? throw new Unavailable("Tokens cannot be checked at this moment. Retry shortly.");
        return list.Count > 0
            && (list.ContainsKey(caller.SessionId) || list.ContainsKey(caller.KeyId) || IsRevokedSince(list, caller.UserId, caller)
                || (caller.HospitalId is { } hospital && IsRevokedSince(list, hospital, caller)));
    }

    /// <summary>Returns whether the list that was read last contains this signing key.</summary>
    public bool IsKeyRevoked(Guid keyId) => _snapshot is { } list && list.ContainsKey(keyId);

    /// <summary>Returns whether the list that was read last contains this revocation, or a later one of the same ID.</summary>
    public bool Contains(Guid revoked, DateTimeOffset at) =>
        _snapshot is { } list && list.TryGetValue(revoked, out var since) && since.ToUnixTimeMilliseconds() >= at.ToUnixTimeMilliseconds();

    /// <summary>Revokes sessions, signing keys, or all tokens that users or hospitals held at the given times.</summary>
    /// <param name="revoked">The revoked IDs and the time of each revocation.</param>
    /// <param name="lifetime">How long a revocation is kept: the longest time that an affected token can still be valid.</param>
    public async Task RevokeAsync(IReadOnlyDictionary<Guid, DateTimeOffset> revoked, TimeSpan lifetime)
    {
        var db = redis.GetDatabase();
        await db.SortedSetRemoveRangeByScoreAsync(Key, double.NegativeInfinity, (_clock.GetUtcNow() - lifetime).ToUnixTimeMilliseconds());
        await db.SortedSetAddAsync(Key, [.. revoked.Select(r => new SortedSetEntry(r.Key.ToString("N"), r.Value.ToUnixTimeMilliseconds()))]);
        await RefreshAsync();
    }

    protected override Task RunOnceAsync(CancellationToken ct) => RefreshAsync();

    private static bool IsRevokedSince(FrozenDictionary<Guid, DateTimeOffset> list, Guid id, Caller caller) =>
        list.TryGetValue(id, out var since) && caller.IssuedAt <= since;

    private async Task RefreshAsync() =>
        _snapshot = (await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(Key))
            .ToFrozenDictionary(e => Guid.ParseExact(e.Element!, "N"), e => DateTimeOffset.FromUnixTimeMilliseconds((long)e.Score));
}
