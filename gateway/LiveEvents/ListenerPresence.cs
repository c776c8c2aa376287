using System.Collections.Concurrent;
using System.Globalization;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Which users hear what tools answer them, at whatever replica: each tells the others through Redis, so that a call costs a look into memory. Who left counts
/// for two more minutes, in which they may come back and miss nothing.
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

    /// <summary>Whether somebody may be listening.</summary>
    public bool IsListening(Guid user) => !_allUsers.IsEmpty && _allUsers.TryGetValue(user, out var until) && until > _clock.GetUtcNow();

    /// <summary>Somebody listens here. Completes when all replicas have been told. Throws while Redis is away.</summary>
    public async Task JoinAsync(Guid user)
    {
        _localUsers.Increment(user);
        _allUsers[user] = _clock.GetUtcNow() + PresenceDuration;
        await AnnounceAsync([user]);
        await redis.GetSubscriber().PublishAsync(RedisChannel.Literal(Key), user.ToString("N")).WaitAsync(RedisTimeout);
    }

    /// <summary>One of their connections is gone.</summary>
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

    /// <summary>Tells the others who is here, and hears from them: whatever word was lost counts again.</summary>
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
        return redis.GetDatabase().SortedSetAddAsync(Key, [.. users.Select(u => new SortedSetEntry(u.ToString("N", CultureInfo.InvariantCulture), until))]).WaitAsync(RedisTimeout);
    }
}
