using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using MedCor.Contracts;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>
/// Caches responses to reads of reference data in the memory of this process until reference data changes. Redis holds the current generation of reference
/// data and the writes in progress. A write registers itself and starts a new generation before it is sent; a response is cached under the generation that
/// was current before the read was sent, and only if no write was in progress. So a cached response is never older than a write that has completed at any
/// replica. While Redis is unavailable, nothing is cached or served from the cache, and reference data is read-only.
/// </summary>
internal sealed partial class ReferenceDataCache(IConnectionMultiplexer redis, IOptions<ReferenceDataCacheOptions> options, ILogger<ReferenceDataCache> log)
    : IDisposable
{
    private const int MaxBytes = 16 * 1024 * 1024;
    private const int MaxEntryLength = 256 * 1024;

    /// <summary>
    /// The maximum duration of a write whose end is never recorded: longer than the gateway waits, and than a service's database statements can take.
    /// </summary>
    private static readonly TimeSpan MaxWriteDuration = 3 * ServiceForwarder.RequestTimeout;

    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(1);
    private static readonly RedisKey[] Keys = ["medcor:reference:generation", "medcor:reference:writes"];

    /// <summary>
    /// Returns the current generation, or nil while a write is in progress. The generation includes the run id of Redis, because a Redis that was restarted
    /// or replaced can have lost the last writes.
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

    /// <summary>Starts another generation as well, in case Redis lost its data, and with it the registration, while the write was in progress.</summary>
    private const string EndWriteScript = """
        redis.call('SET', KEYS[1], ARGV[1] .. '.')
        redis.call('ZREM', KEYS[2], ARGV[1])
        """;

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    public bool IsEnabled => options.Value.TimeToLiveSeconds > 0;

    /// <summary>Returns a tool's response for callers of this kind: the cached one if there is one, otherwise that of a new call.</summary>
    public async Task<ToolResponse> ReadAsync(Callers kind, ToolRequest request, Func<Task<ToolResponse>> invoke)
    {
        if (await GetGenerationAsync() is not { } generation) return await invoke();

        var key = (generation, kind, request.Tool.Name, Convert.ToBase64String(SHA256.HashData(request.Params.ToArray())));
        if (_cache.TryGetValue(key, out byte[]? cached)) return ToolResponse.FromCached(cached!);

        var response = await invoke();
        if (response.Status == 200 && response.Body.Length <= MaxEntryLength)
            _cache.Set(key, response.Body.ToArray(),
                new MemoryCacheEntryOptions
                {
                    Size = response.Body.Length + 256, AbsoluteExpirationRelativeToNow = TimeSpan.FromSeconds(options.Value.TimeToLiveSeconds)
                });
        return response;
    }

    /// <summary>
    /// Changes reference data. Throws <see cref="Unavailable"/>, and changes nothing, when the write cannot be registered in Redis for the other replicas.
    /// </summary>
    public async Task<ToolResponse> WriteAsync(Func<Task<ToolResponse>> invoke)
    {
        var writeId = Guid.NewGuid().ToString("N");
        try
        {
            await redis.GetDatabase().ScriptEvaluateAsync(BeginWriteScript, Keys, [writeId, (int)MaxWriteDuration.TotalSeconds]).WaitAsync(RedisTimeout);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw new Unavailable("Reference data is read-only while Redis is unavailable; nothing was changed. Retry shortly.");
        }

        // Without a response, or with one that reports a server error, the write can still be in progress: its registration stays until it expires.
        var response = await invoke();
        if (response.Status >= 500) return response;
        try
        {
            await redis.GetDatabase().ScriptEvaluateAsync(EndWriteScript, Keys, [writeId]).WaitAsync(RedisTimeout);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            LogInvalidationFailed(log, e.GetType().Name);
        }
        return response;
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

    [LoggerMessage(6010, LogLevel.Warning, "Invalidating the cache of reference data failed; it is not used for a minute: {Kind}")]
    private static partial void LogInvalidationFailed(ILogger log, string kind);
}

/// <summary>Configures how long responses are cached.</summary>
internal sealed class ReferenceDataCacheOptions
{
    /// <summary>Gets or sets the maximum time that a response is cached, in seconds; 0 turns caching off. All replicas must have the same value.</summary>
    [ConfigurationKeyName("MCP_CACHE_TTL")]
    [Range(0, 86_400, ErrorMessage = "MCP_CACHE_TTL must be 0 to 86400 seconds.")]
    public int TimeToLiveSeconds { get; set; } = 300;
}
