using System.Collections.Concurrent;
using System.Globalization;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Tracks which users receive copies of tool responses, at any replica. Replicas share this through Redis, so that a call needs only a lookup in memory. A
/// user who disconnects stays present for two more minutes, within which the client can reconnect without missing anything.
/// </summary>
internal sealed class ListenerPresence(IConnectionMultiplexer redis, TimeProvider clock, ILogger<ListenerPresence> log)
    : PeriodicService(TimeSpan.FromSeconds(30), clock, log, runsAtStart: true)
{
    private const string Key = "medcor:live:listening";
    private static readonly TimeSpan PresenceDuration = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _clock = clock;
    private readonly KeyedCounter<Guid> _localUsers = new();
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _allUsers = new();
    private bool _isSubscribed;

    /// <summary>Returns whether a user may be connected.</summary>
    public bool IsListening(Guid user) => !_allUsers.IsEmpty && _allUsers.TryGetValue(user, out var until) && until > _clock.GetUtcNow();

    /// <summary>Adds a connection of a user at this replica. Completes when all replicas have been notified. Throws while Redis is unavailable.</summary>
    public async Task JoinAsync(Guid user)
    {
        _localUsers.Increment(user);
        _allUsers[user] = _clock.GetUtcNow() + PresenceDuration;
        await AnnounceAsync([user]);
        await redis.GetSubscriber().PublishAsync(RedisChannel.Literal(Key), user.ToString("N")).WaitAsync(RedisTimeout);
    }

    /// <summary>Removes a connection of a user.</summary>
    public void Leave(Guid user) => _localUsers.Decrement(user);

    protected override async Task RunOnceAsync(CancellationToken ct)
    {
        if (!_isSubscribed) await redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Key), (_, user) => OnAnnounced(user)).WaitAsync(RedisTimeout, ct);
        _isSubscribed = true;
        await SynchronizeAsync();
    }

    private void OnAnnounced(RedisValue user)
    {
        if (Guid.TryParseExact(user, "N", out var id)) _allUsers[id] = _clock.GetUtcNow() + PresenceDuration;
    }

    /// <summary>Announces the local users and reads those of the other replicas, which makes up for lost notifications.</summary>
    private async Task SynchronizeAsync()
    {
        var now = _clock.GetUtcNow();
        if (!_localUsers.IsEmpty) await AnnounceAsync(_localUsers.Keys);
        var db = redis.GetDatabase();
        await db.SortedSetRemoveRangeByScoreAsync(Key, double.NegativeInfinity, now.ToUnixTimeMilliseconds()).WaitAsync(RedisTimeout);
        foreach (var entry in await db.SortedSetRangeByRankWithScoresAsync(Key).WaitAsync(RedisTimeout))
            _allUsers[Guid.ParseExact(entry.Element!, "N")] = DateTimeOffset.FromUnixTimeMilliseconds((long)entry.Score);
        foreach (var (user, until) in _allUsers)
            if (until <= now) _allUsers.TryRemove(new(user, until));
    }

    private Task<long> AnnounceAsync(IReadOnlyCollection<Guid> users)
    {
        var until = (_clock.GetUtcNow() + PresenceDuration).ToUnixTimeMilliseconds();
        return redis.GetDatabase().SortedSetAddAsync(Key, [.. users.Select(u => new SortedSetEntry(u.ToString("N", CultureInfo.InvariantCulture), until))])
            .WaitAsync(RedisTimeout);
    }
}
