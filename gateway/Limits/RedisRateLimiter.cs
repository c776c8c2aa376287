using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Limits the rate of calls across all replicas by counting them in Redis; checking and counting are one atomic step. A window begins with its first call
/// and lasts a minute by the clock of Redis. Rejected calls are not counted. While Redis is unavailable or holds as many counters as it may, each process
/// counts on its own, so a caller has the full limit at each process.
/// </summary>
internal sealed partial class RedisRateLimiter(
    [FromKeyedServices(RedisConnections.Control)] IConnectionMultiplexer redis, TimeProvider clock, ILogger<RedisRateLimiter> log)
{
    public const int WindowSeconds = 60;

    /// <summary>
    /// The maximum number of keys in Redis with which it takes the counter of a further caller: about 50 MB. The revocations in the same Redis always have
    /// room.
    /// </summary>
    internal const int MaxCallers = 250_000;

    /// <summary>The maximum number of callers that a process counts while Redis is unavailable; beyond it, all local counts are reset.</summary>
    private const int MaxLocalCallers = 100_000;

    private static readonly TimeSpan RedisTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RedisRetryInterval = TimeSpan.FromSeconds(2);

    private const string CountScript = """
        local limit, calls, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local used = tonumber(redis.call('GET', KEYS[1]) or 0)
        local ends = used > 0 and math.max(redis.call('PTTL', KEYS[1]), 1) or window
        if used + calls > limit then return {0, limit - used, ends} end
        if ARGV[4] == '0' then return {1, limit - used, ends} end
        if used == 0 and redis.call('DBSIZE') >= tonumber(ARGV[5]) then return false end
        redis.call('SET', KEYS[1], used + calls, 'PX', ends)
        return {1, limit - used - calls, ends}
        """;

    private readonly Dictionary<string, (int Used, DateTimeOffset Ends)> _localWindows = [];
    private long _redisRetryAt = long.MinValue;

    /// <summary>Counts a caller's call against a limit.</summary>
    public ValueTask<Quota> AcquireAsync(string policy, string callerKey, int limit) => AcquireAsync(policy, callerKey, limit, calls: 1);

    /// <summary>Counts a caller's calls against a limit: either all of them or none.</summary>
    public ValueTask<Quota> AcquireAsync(string policy, string callerKey, int limit, int calls) =>
        AcquireAsync(policy, callerKey, limit, calls, areCounted: true);

    /// <summary>Returns whether a caller may make one more call, without counting it.</summary>
    public ValueTask<Quota> CheckAsync(string policy, string callerKey, int limit) =>
        AcquireAsync(policy, callerKey, limit, calls: 1, areCounted: false);

    private async ValueTask<Quota> AcquireAsync(string policy, string callerKey, int limit, int calls, bool areCounted)
    {
        var redisKey = $"medcor:rate:{policy}:{callerKey}";
        if (clock.GetTimestamp() < Volatile.Read(ref _redisRetryAt)) return AcquireLocally(policy, redisKey, limit, calls, areCounted);
        try
        {
            var reply = await redis.GetDatabase()
                .ScriptEvaluateAsync(CountScript, [redisKey], [limit, calls, WindowSeconds * 1000, areCounted, MaxCallers]).WaitAsync(RedisTimeout, clock);
            if (reply.IsNull) return AcquireLocally(policy, redisKey, limit, calls, areCounted);
            var result = (RedisResult[])reply!;
            return new(policy, limit, Math.Max((int)result[1], 0), (int)Math.Ceiling((long)result[2] / 1000.0), (int)result[0] == 1);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            Volatile.Write(ref _redisRetryAt, clock.GetTimestamp() + (long)(RedisRetryInterval.TotalSeconds * clock.TimestampFrequency));
            LogRedisUnavailable(log, e.GetType().Name);
            return AcquireLocally(policy, redisKey, limit, calls, areCounted);
        }
    }

    private Quota AcquireLocally(string policy, string redisKey, int limit, int calls, bool areCounted)
    {
        lock (_localWindows)
        {
            var now = clock.GetUtcNow();
            if (!_localWindows.TryGetValue(redisKey, out var window) || window.Ends <= now)
            {
                if (_localWindows.Count >= MaxLocalCallers) _localWindows.Clear();
                window = (0, now.AddSeconds(WindowSeconds));
            }
            var granted = window.Used + calls <= limit;
            if (granted && areCounted) _localWindows[redisKey] = window = (window.Used + calls, window.Ends);
            return new(policy, limit, Math.Max(limit - window.Used, 0), (int)Math.Ceiling((window.Ends - now).TotalSeconds), granted);
        }
    }

    [LoggerMessage(6060, LogLevel.Warning, "Redis is unavailable; calls are counted per process until it is back: {Kind}")]
    private static partial void LogRedisUnavailable(ILogger log, string kind);
}
