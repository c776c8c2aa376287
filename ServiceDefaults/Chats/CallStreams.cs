using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults.Chats;

/// <summary>
/// Chat calls in Redis, where they are begun once, told and ended once, whichever replica does it or looks on. A call is a hash (whose it is, how far it has come, which
/// runner carries it out) and a stream of its events, of which the ending is the last. Each change is one script, so none is half done or done twice. A runner is a process
/// that carries out calls; while it lives it renews a lease. Everything here throws <see cref="RedisException"/> or <see cref="TimeoutException"/> while Redis is away.
/// </summary>
public sealed class CallStreams(IConnectionMultiplexer redis, TimeProvider clock)
{
    /// <summary>How long a request's id makes a call happen once.</summary>
    public static readonly TimeSpan RequestsKept = TimeSpan.FromHours(24);

    /// <summary>A runner that has not renewed for so long is gone, and its calls with it.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(9);

    /// <summary>How long a call is here that is nowhere else.</summary>
    private static readonly TimeSpan CallsLast = TimeSpan.FromHours(24);

    /// <summary>How long a call can still be read here, piece by piece, that Chat's database has. Longer would fill the memory that all share.</summary>
    private static readonly TimeSpan KeptCallsStay = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>A call has a living runner from its first moment on, also when Redis had lost that it lives.</summary>
    private const string BeginScript = """
        if KEYS[2] then
            local known = redis.call('HMGET', KEYS[2], 'call', 'hash')
            if known[1] then return known end
            redis.call('HSET', KEYS[2], 'call', ARGV[1], 'hash', ARGV[3])
            redis.call('PEXPIRE', KEYS[2], ARGV[5])
        end
        redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'state', 'STARTED', 'runner', ARGV[4], 'told', 0)
        redis.call('PEXPIRE', KEYS[1], ARGV[6])
        redis.call('SET', ARGV[8] .. ARGV[4], '', 'PX', ARGV[7])
        return {ARGV[1], ARGV[3]}
        """;

    /// <summary>Pieces that are told already, by a try whose answer was lost, are passed over. Where earlier ones are missing, Redis has lost them, and with them the call.</summary>
    private const string AppendScript = """
        local call = redis.call('HMGET', KEYS[1], 'state', 'runner', 'told')
        if not call[1] then return '' end
        if call[1] ~= 'STARTED' then return call[1] end
        if call[2] ~= ARGV[1] then return '' end
        local told, first = tonumber(call[3]), tonumber(ARGV[2])
        if first > told + 1 then return '' end
        for i = 4, #ARGV do
            local number = first + i - 4
            if number > told then
                redis.call('XADD', KEYS[2], number .. '-0', 's', 'STARTED', 't', ARGV[i])
                told = number
            end
        end
        redis.call('HSET', KEYS[1], 'told', told)
        if first == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
        redis.call('PUBLISH', KEYS[2], told)
        return 'STARTED'
        """;

    /// <summary>
    /// The first ending is the one that counts. Who ends a call that another carries out tells that one. An answer of which Redis has lost a part is none.
    /// </summary>
    private const string EndScript = """
        local call = redis.call('HMGET', KEYS[1], 'state', 'owner', 'runner', 'told')
        local by, who, state, why, kept, id, told, lost, prefix = unpack(ARGV)
        if not call[1] then return '' end
        if by == 'owner' and call[2] ~= who then return '' end
        if call[1] ~= 'STARTED' then return call[1] end
        if by == 'anybody' and redis.call('EXISTS', prefix .. call[3]) == 1 then return 'STARTED' end
        local number, ended = tonumber(call[4]) + 1, 'ENDED'
        if by == 'runner' and number <= tonumber(told) then state, why, ended = 'ERROR', lost, 'ERROR' end
        redis.call('XADD', KEYS[2], number .. '-0', 's', state, 'e', why)
        redis.call('PEXPIRE', KEYS[2], kept)
        redis.call('HSET', KEYS[1], 'state', state, 'told', number)
        redis.call('PEXPIRE', KEYS[1], kept)
        redis.call('PUBLISH', KEYS[2], number)
        if by ~= 'runner' then redis.call('PUBLISH', prefix .. call[3], id) end
        return ended
        """;

    /// <summary>The request's id may name another call by now.</summary>
    private const string ForgetScript = """
        if KEYS[3] and redis.call('HGET', KEYS[3], 'call') == ARGV[1] then redis.call('DEL', KEYS[3]) end
        return redis.call('DEL', KEYS[1], KEYS[2])
        """;

    /// <summary>Begins a call, unless one was begun with this request id in the last 24 hours. Gives the id and the digest of the one that was.</summary>
    /// <param name="requestId">What the owner calls it; none when it is to happen whatever happened before.</param>
    /// <param name="digest">Of what is asked.</param>
    public async Task<(Guid Call, string Digest)> Begin(Guid call, CallOwner owner, string? requestId, string digest, string runner)
    {
        var keys = requestId is null ? (RedisKey[])[Call(call)] : [Call(call), Request(owner, requestId)];
        var begun = (string[])(await Run(BeginScript, keys, call.ToString(), owner.Name, digest, runner, Milliseconds(RequestsKept), Milliseconds(CallsLast), Milliseconds(Lease), Runner("")))!;
        return (Guid.Parse(begun[0]), begun[1]);
    }

    /// <summary>Forgets that a call was begun that never could be, so that it may be once more.</summary>
    public Task Forget(Guid call, CallOwner owner, string? requestId)
    {
        var keys = requestId is null ? (RedisKey[])[Call(call), Events(call)] : [Call(call), Events(call), Request(owner, requestId)];
        return Run(ForgetScript, keys, call.ToString());
    }

    /// <summary>Tells pieces of the answer. The state is that of the call by then: anything but started means that nobody wants more; none that the call is not here.</summary>
    /// <param name="first">The number of the first of them.</param>
    public async Task<CallState?> Append(Guid call, string runner, long first, IReadOnlyList<string> pieces) =>
        State((string)(await Run(AppendScript, [Call(call), Events(call)], [runner, first, Milliseconds(CallsLast), .. pieces.Select(p => (RedisValue)p)]))!);

    /// <summary>Ends a call, as who carries it out.</summary>
    /// <param name="told">How many pieces were told of it: if fewer are there, they are lost, and the call ends so.</param>
    public Task<CallEnded> End(Guid call, CallState state, CallEnding? ending, long told) => End("runner", "", call, state, ending, told);

    /// <summary>Ends a call, as its owner.</summary>
    public Task<CallEnded> Cancel(Guid call, CallOwner owner) => End("owner", owner.Name, call, CallState.Cancelled, CallEnding.Cancelled);

    /// <summary>Ends a call whose runner is gone; leaves it if that lives.</summary>
    public Task<CallEnded> Bury(Guid call) => End("anybody", "", call, CallState.Error, CallEnding.Interrupted);

    /// <summary>Says that what came of a call is in Chat's database, so that it needs not stay here.</summary>
    public Task Kept(Guid call)
    {
        var db = redis.GetDatabase();
        return Bounded(Task.WhenAll(db.KeyExpireAsync(Call(call), KeptCallsStay), db.KeyExpireAsync(Events(call), KeptCallsStay)));
    }

    /// <summary>Whose a call is, as <see cref="CallOwner.Name"/>, how far it has come, and the number of its last event; null when it is not here.</summary>
    public async Task<(string Owner, CallState State, long Told)?> Find(Guid call) =>
        await Bounded(redis.GetDatabase().HashGetAsync(Call(call), ["owner", "state", "told"])) is [{ IsNull: false } owner, var state, var told] ? (owner!, State(state!)!.Value, (long)told) : null;

    /// <summary>How far a call has come; none when it is not here.</summary>
    public async Task<CallState?> StateOf(Guid call) => (await Find(call))?.State;

    /// <summary>The events behind a number, in order; no more than so many.</summary>
    public async Task<IReadOnlyList<CallEvent>> Read(Guid call, long after, int atMost)
    {
        var entries = await Bounded(redis.GetDatabase().StreamRangeAsync(Events(call), $"({after}", "+", atMost));
        return [.. entries.Select(Event)];
    }

    /// <summary>Says that a runner lives.</summary>
    public Task Renew(string runner) => Bounded(redis.GetDatabase().StringSetAsync(Runner(runner), "", Lease));

    /// <summary>Says that a runner is gone, so that nobody waits for it.</summary>
    public Task Leave(string runner) => Bounded(redis.GetDatabase().KeyDeleteAsync(Runner(runner)));

    /// <summary>Has a runner told at once of each call of its own that somebody else ends. A hint: while Redis is away some go missing.</summary>
    public Task HearEndings(string runner, Action<Guid> ended) => Bounded(redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Runner(runner)), (_, call) => ended(Guid.Parse((string)call!))));

    /// <summary>Calls back at once whenever something of a call is told, until disposed of. A hint: while Redis is away some go missing.</summary>
    public async Task<IDisposable> Hear(Guid call, Action told)
    {
        var heard = new Subscription(redis.GetSubscriber(), RedisChannel.Literal(Events(call)), told);
        try
        {
            await Bounded(heard.Begin());
            return heard;
        }
        catch
        {
            heard.Dispose();
            throw;
        }
    }

    private async Task<CallEnded> End(string by, string who, Guid call, CallState state, CallEnding? ending, long told = 0)
    {
        var answer = (string)(await Run(EndScript, [Call(call), Events(call)], by, who, Word(state), Written(ending), Milliseconds(CallsLast), call.ToString(), told, Written(CallEnding.Lost), Runner("")))!;
        return answer == "ENDED" ? new(state, ByThis: true) : new(State(answer), ByThis: false);
    }

    private static CallEvent Event(StreamEntry entry)
    {
        var (id, content) = ((string)entry.Id!, (string)entry.Values[1].Value!);
        var number = long.Parse(id.AsSpan(0, id.IndexOf('-')), CultureInfo.InvariantCulture);
        var state = State((string)entry.Values[0].Value!)!.Value;
        return state == CallState.Started ? new(number, state, content)
            : new(number, state, "", content.Length == 0 ? null : JsonSerializer.Deserialize<CallEnding>(content, Json.Options));
    }

    private static string Written(CallEnding? ending) => ending is null ? "" : JsonSerializer.Serialize(ending, Json.Options);

    private static string Word(CallState state) => state.ToString().ToUpperInvariant();

    private static CallState? State(string word) => word.Length == 0 ? null : Enum.Parse<CallState>(word, ignoreCase: true);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static string Call(Guid call) => $"medcor:chat:call:{call}";

    private static string Events(Guid call) => $"medcor:chat:events:{call}";

    private static string Runner(string runner) => $"medcor:chat:runner:{runner}";

    /// <summary>A digest, so that a key has a bounded length whatever a client sends.</summary>
    private static string Request(CallOwner owner, string requestId) =>
        $"medcor:chat:request:{owner.Name}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(requestId)))}";

    private Task<RedisResult> Run(string script, RedisKey[] keys, params RedisValue[] arguments) => Bounded(redis.GetDatabase().ScriptEvaluateAsync(script, keys, arguments));

    private Task<T> Bounded<T>(Task<T> work) => work.WaitAsync(Patience, clock);

    private Task Bounded(Task work) => work.WaitAsync(Patience, clock);

    private sealed class Subscription(ISubscriber subscriber, RedisChannel channel, Action told) : IDisposable
    {
        public Task Begin() => subscriber.SubscribeAsync(channel, Told);

        // Not waited for: what is left behind ends with the connection.
        public void Dispose() => subscriber.Unsubscribe(channel, Told, CommandFlags.FireAndForget);

        private void Told(RedisChannel channel, RedisValue number) => told();
    }
}

/// <summary>What came of ending a call.</summary>
/// <param name="State">How far it has come by then: it may have ended sooner and otherwise, or live on. None when it is not here, or not the owner's.</param>
/// <param name="ByThis">Whether it was this that ended it.</param>
public readonly record struct CallEnded(CallState? State, bool ByThis);
