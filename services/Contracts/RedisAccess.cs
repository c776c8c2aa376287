namespace MedCor.Contracts;

/// <summary>
/// Lists what each program may do in the two Redis servers, where it has a login of its own, named after it: which keys it reads and writes, which channels
/// it uses, and by which kinds of commands. No login may list keys, read the configuration or change the server.
/// </summary>
public static class RedisAccess
{
    /// <summary>
    /// What every connection of the client needs: to log in, to name itself, to find out which server is the master, and to check that it answers. Channels
    /// are open only to those that the rules name.
    /// </summary>
    private const string Connect = "+auth +hello +ping +echo +select +quit +client|setname +client|id +info +subscribe +unsubscribe";

    private const string Scripts = "+eval +evalsha +script|load";

    /// <summary>The revocations of tokens, which every process reads every second.</summary>
    private const string Revocations = "%R~medcor:revoked";

    /// <summary>What a service does with the heads of its audit trail's chains.</summary>
    private const string Heads = "+hget +hgetall +hexists +hset +watch +unwatch +multi +exec +discard";

    /// <summary>Gets the logins of the Redis of revocations, counters of rate limits and anchors of the audit trail.</summary>
    public static IReadOnlyList<RedisLogin> Control { get; } = [.. ServiceCatalogue.Queues.Select(program => new RedisLogin(program, program switch
    {
        "identity" => Rules("~medcor:revoked ~medcor:audit:heads:identity", $"+zrange +zadd +zremrangebyscore {Heads}"),
        "clinical" => Rules($"{Revocations} ~medcor:audit:heads", $"+zrange {Heads}"),
        ServiceCatalogue.Gateway => Rules($"{Revocations} ~medcor:rate:*", $"+zrange +get +set +pttl +dbsize {Scripts}"),
        _ => Rules($"{Revocations} ~medcor:audit:heads:{program}", $"+zrange {Heads}"),
    }))];

    /// <summary>Gets the logins of the Redis of live events, copies of tool responses, tickets and chat runs.</summary>
    public static IReadOnlyList<RedisLogin> Cache { get; } =
    [
        new(ServiceCatalogue.Gateway, Rules(
            "~medcor:live ~medcor:live:* ~medcor:reference:* ~medcor:ticket:* ~medcor:chat:call:* ~medcor:chat:events:* ~medcor:chat:budget:* "
                + "%R~medcor:chat:runner:* &medcor:live &medcor:live:listening &medcor:chat:events:* &medcor:chat:runner:*",
            $"+@stream +@hash +@sortedset +@list +@string {KeysAndChannels} {Scripts}")),
        new("chat", Rules("~medcor:chat:* &medcor:chat:*", $"+@stream +@hash +@sortedset +@string {KeysAndChannels} {Scripts}")),
    ];

    private const string KeysAndChannels = "+exists +del +unlink +expire +pexpire +pttl +time +publish";

    /// <summary>Returns the rules of a login, as the commands and files of Redis state them.</summary>
    private static string Rules(string keys, string commands) => $"resetkeys resetchannels {keys} -@all {commands} -@dangerous {Connect}";
}

/// <summary>Represents a login at a Redis server.</summary>
/// <param name="Rules">What it may do, as rules of an ACL, without its passwords.</param>
public sealed record RedisLogin(string User, string Rules);
