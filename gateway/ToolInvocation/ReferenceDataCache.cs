using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using MedCor.Contracts;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>
/// Keeps what reads of reference data answered in this process' memory, for as long as nobody has changed any. Redis holds which generation of it is
/// the present one, and which writes are under way. A write marks itself and begins a new generation before it is sent; an answer is kept for the
/// generation that was the present one before it was asked for, and while no write was under way. So what is kept is never older than a write that
/// was answered, at whatever replica. While Redis is away nothing is kept or taken, and reference data is not changed.
/// </summary>
internal sealed class ReferenceDataCache(IConnectionMultiplexer redis, IOptions<ReferenceDataCacheOptions> options, ILogger<ReferenceDataCache> log) : IDisposable
{
    private const int MaxBytes = 16 * 1024 * 1024;
    private const int MaxEntryLength = 256 * 1024;

    /// <summary>How long a write may be under way whose end is never told: longer than the door waits, and than a service's statements may take.</summary>
    private static readonly TimeSpan MaxWriteDuration = 3 * ServiceForwarder.RequestTimeout;

    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(1);
    private static readonly RedisKey[] Keys = ["medcor:reference:generation", "medcor:reference:writes"];

    /// <summary>
    /// The present generation; nil while a write is under way. A Redis that has restarted, or another in its place, may have forgotten the last writes, so
    /// its run is a part of the name.
    /// </summary>
    private const string GetGenerationScript = """
        local time = redis.call('TIME')
        if redis.call('ZCOUNT', KEYS[2], time[1], '+inf') > 0 then return false end
        local generation = redis.call('GET', KEYS[1])
        if not generation then
          generation = ARGV[1]
          redis.call('SET', KEYS[1], generation)
        end
        return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') .. generation
        """;

    private const string BeginWriteScript = """
        local time = redis.call('TIME')
        redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. time[1])
        redis.call('ZADD', KEYS[2], time[1] + ARGV[2], ARGV[1])
        redis.call('SET', KEYS[1], ARGV[1])
        """;

    /// <summary>A further generation, in case the mark was lost with Redis' memory while the write was under way.</summary>
    private const string EndWriteScript = """
        redis.call('SET', KEYS[1], ARGV[1] .. '.')
        redis.call('ZREM', KEYS[2], ARGV[1])
        """;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    public bool IsEnabled => options.Value.TimeToLiveSeconds > 0;

    /// <summary>What the tool answers callers of this kind: what is kept, else what it answers now.</summary>
    public async Task<ToolResponse> ReadAsync(Callers kind, ToolRequest call, Func<Task<ToolResponse>> invoke)
    {
        if (await GetGenerationAsync() is not { } generation) return await invoke();

        var question = (generation, kind, call.Tool.Name, Convert.ToBase64String(SHA256.HashData(call.Params.ToArray())));
        if (_cache.TryGetValue(question, out byte[]? known)) return ToolResponse.FromCached(known!);

        var answer = await invoke();
        if (answer.Status == 200 && answer.Body.Length <= MaxEntryLength)
            _cache.Set(question, answer.Body.ToArray(), new MemoryCacheEntryOptions { Size = answer.Body.Length + 256, AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(options.Value.TimeToLiveSeconds) });
        return answer;
    }

    /// <summary>Changes reference data. Throws <see cref="Unavailable"/>, and does nothing, when the other replicas cannot be told.</summary>
    public async Task<ToolResponse> WriteAsync(Func<Task<ToolResponse>> invoke)
    {
        var mark = Guid.NewGuid().ToString("N");
        try
        {
            await redis.GetDatabase().ScriptEvaluateAsync(BeginWriteScript, Keys, [mark, (int)MaxWriteDuration.TotalSeconds]).WaitAsync(RedisTimeout);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new Unavailable("What is the same for everybody cannot be changed at this moment, and was not. Try again shortly.");
        }

        // When no answer comes, or one of a fault, the write may still be under way: then its mark stays until its time is over.
        var answer = await invoke();
        if (answer.Status >= 500) return answer;
        try
        {
            await redis.GetDatabase().ScriptEvaluateAsync(EndWriteScript, Keys, [mark]).WaitAsync(RedisTimeout);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            log.LogWarning("Reference data changed while Redis went away, and is not kept for a minute: {Kind}", e.GetType().Name);
        }
        return answer;
    }

    private async Task<string?> GetGenerationAsync()
    {
        try
        {
            return (string?)await redis.GetDatabase().ScriptEvaluateAsync(GetGenerationScript, Keys, [Guid.NewGuid().ToString("N")]).WaitAsync(RedisTimeout);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return null;
        }
    }

    public void Dispose() => _cache.Dispose();
}

/// <summary>How long answers are kept.</summary>
internal sealed class ReferenceDataCacheOptions
{
    /// <summary>The longest that an answer is kept, in seconds; 0 keeps none. The same in every replica.</summary>
    [ConfigurationKeyName("MCP_CACHE_TTL")]
    [Range(0, 86_400, ErrorMessage = "MCP_CACHE_TTL must be 0 to 86400 seconds.")]
    public int TimeToLiveSeconds { get; set; } = 300;
}
