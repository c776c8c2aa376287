using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults;

/// <summary>A script that Redis runs as one step. It is sent once to a server, and named by its digest from then on.</summary>
public sealed class RedisScript(string text)
{
#pragma warning disable CA5350 // Redis names scripts by their SHA-1.
    private readonly string digest = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5350

    /// <summary>Runs it: the number of keys, the keys, the arguments.</summary>
    public async Task<RedisResult> Run(IConnectionMultiplexer redis, params object[] keysAndArguments)
    {
        var db = redis.GetDatabase();
        try
        {
            return await db.ExecuteAsync("EVALSHA", [digest, .. keysAndArguments]);
        }
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await db.ExecuteAsync("EVAL", [text, .. keysAndArguments]);
        }
    }
}
