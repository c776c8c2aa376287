using System.Collections.Concurrent;
using System.Globalization;
using MedCor.Gateway.Limits;
using StackExchange.Redis;

namespace MedCor.Gateway.Events;

/// <summary>
/// Which users hear what tools answer them, at whatever replica: each tells the others through Redis, so that a call costs a look into memory. Who left counts
/// for two more minutes, in which they may come back and miss nothing.
/// </summary>
internal sealed class WhoListens(IConnectionMultiplexer redis, TimeProvider clock, ILogger<WhoListens> log) : BackgroundService
{
    private const string Key = "medcor:live:listening";
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Counts = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Tally<Guid> here = new();
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> anywhere = new();

    /// <summary>Whether somebody may be listening.</summary>
    public bool Includes(Guid user) => !anywhere.IsEmpty && anywhere.TryGetValue(user, out var until) && until > clock.GetUtcNow();

    /// <summary>Somebody listens here. Completes when all replicas have been told. Throws while Redis is away.</summary>
    public async Task Enter(Guid user)
    {
        here.More(user);
        anywhere[user] = clock.GetUtcNow() + Counts;
        await Tell([user]);
        await redis.GetSubscriber().PublishAsync(RedisChannel.Literal(Key), user.ToString("N")).WaitAsync(Patience);
    }

    /// <summary>One of their connections is gone.</summary>
    public void Leave(Guid user) => here.Less(user);

    protected override async Task ExecuteAsync(CancellationToken ct)
    {
        var watched = false;
        using var timer = new PeriodicTimer(Period, clock);
        do
        {
            try
            {
                if (!watched) await redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Key), (_, user) => Heard(user)).WaitAsync(Patience, ct);
                watched = true;
                await Exchange();
            }
            catch (Exception e) when (!ct.IsCancellationRequested) // whatever it is: an exception that leaves here would end the process
            {
                log.LogDebug("Who listens could not be exchanged: {Kind}", e.GetType().Name);
            }
        } while (await timer.WaitForNextTickAsync(ct));
    }

    private void Heard(RedisValue user)
    {
        if (Guid.TryParseExact(user, "N", out var id)) anywhere[id] = clock.GetUtcNow() + Counts;
    }

    /// <summary>Tells the others who is here, and hears from them: whatever word was lost counts again.</summary>
    private async Task Exchange()
    {
        var now = clock.GetUtcNow();
        if (!here.IsEmpty) await Tell(here.Each);
        var db = redis.GetDatabase();
        await db.SortedSetRemoveRangeByScoreAsync(Key, double.NegativeInfinity, now.ToUnixTimeMilliseconds()).WaitAsync(Patience);
        foreach (var entry in await db.SortedSetRangeByRankWithScoresAsync(Key).WaitAsync(Patience))
            anywhere[Guid.ParseExact(entry.Element!, "N")] = DateTimeOffset.FromUnixTimeMilliseconds((long)entry.Score);
        foreach (var (user, until) in anywhere)
            if (until <= now) anywhere.TryRemove(new(user, until));
    }

    private Task<long> Tell(IReadOnlyCollection<Guid> users)
    {
        var until = (clock.GetUtcNow() + Counts).ToUnixTimeMilliseconds();
        return redis.GetDatabase().SortedSetAddAsync(Key, [.. users.Select(u => new SortedSetEntry(u.ToString("N", CultureInfo.InvariantCulture), until))]).WaitAsync(Patience);
    }
}
