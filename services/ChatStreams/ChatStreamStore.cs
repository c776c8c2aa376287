using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.ChatStreams;

/// <summary>
/// Chat calls in Redis, where they are begun once, told and ended once, whichever replica does it or looks on. A call is a hash (whose it is, how far it has come, which
/// runner carries it out) and a stream of its events, of which the ending is the last. Each change is one script, so none is half done or done twice. A runner is a process
/// that carries out calls; while it lives it renews a lease. Everything here throws <see cref="RedisException"/> or <see cref="TimeoutException"/> while Redis is away.
/// </summary>
public sealed class ChatStreamStore(IConnectionMultiplexer redis, TimeProvider clock)
{
    /// <summary>How long a request's id makes a call happen once.</summary>
    public static readonly TimeSpan RequestIdRetention = TimeSpan.FromHours(24);

    /// <summary>A runner that has not renewed for so long is gone, and its calls with it.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(9);

    /// <summary>How long a call is here that is nowhere else.</summary>
    private static readonly TimeSpan RunRetention = TimeSpan.FromHours(24);

    /// <summary>How long a call can still be read here, piece by piece, that Chat's database has. Longer would fill the memory that all share.</summary>
    private static readonly TimeSpan SavedRunRetention = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(2);

    /// <summary>A call has a living runner from its first moment on, also when Redis had lost that it lives.</summary>
    private const string StartScript = """
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
    private const string DiscardScript = """
        if KEYS[3] and redis.call('HGET', KEYS[3], 'call') == ARGV[1] then redis.call('DEL', KEYS[3]) end
        return redis.call('DEL', KEYS[1], KEYS[2])
        """;

    /// <summary>Begins a call, unless one was begun with this request id in the last 24 hours. Gives the id and the digest of the one that was.</summary>
    /// <param name="requestId">What the owner calls it; none when it is to happen whatever happened before.</param>
    /// <param name="digest">Of what is asked.</param>
    public async Task<(Guid Call, string Digest)> StartAsync(Guid run, ChatRunOwner owner, string? requestId, string digest, string worker)
    {
        var keys = requestId is null ? (RedisKey[])[RunKey(run)] : [RunKey(run), RequestKey(owner, requestId)];
        var begun = (string[])(await ExecuteScriptAsync(StartScript, keys, run.ToString(), owner.Key, digest, worker, Milliseconds(RequestIdRetention), Milliseconds(RunRetention), Milliseconds(Lease), WorkerKey("")))!;
        return (Guid.Parse(begun[0]), begun[1]);
    }

    /// <summary>Forgets that a call was begun that never could be, so that it may be once more.</summary>
    public Task DiscardAsync(Guid run, ChatRunOwner owner, string? requestId)
    {
        var keys = requestId is null ? (RedisKey[])[RunKey(run), EventsKey(run)] : [RunKey(run), EventsKey(run), RequestKey(owner, requestId)];
        return ExecuteScriptAsync(DiscardScript, keys, run.ToString());
    }

    /// <summary>Tells pieces of the answer. The state is that of the call by then: anything but started means that nobody wants more; none that the call is not here.</summary>
    /// <param name="first">The number of the first of them.</param>
    public async Task<ChatRunState?> AppendAsync(Guid run, string worker, long first, IReadOnlyList<string> pieces) =>
        ParseState((string)(await ExecuteScriptAsync(AppendScript, [RunKey(run), EventsKey(run)], [worker, first, Milliseconds(RunRetention), .. pieces.Select(p => (RedisValue)p)]))!);

    /// <summary>Ends a call, as who carries it out.</summary>
    /// <param name="published">How many pieces were told of it: if fewer are there, they are lost, and the call ends so.</param>
    public Task<ChatRunEndResult> EndAsync(Guid run, ChatRunState state, ChatRunEnd? ending, long published) => EndAsync("runner", "", run, state, ending, published);

    /// <summary>Ends a call, as its owner.</summary>
    public Task<ChatRunEndResult> CancelAsync(Guid run, ChatRunOwner owner) => EndAsync("owner", owner.Key, run, ChatRunState.Cancelled, ChatRunEnd.Cancelled);

    /// <summary>Ends a call whose runner is gone; leaves it if that lives.</summary>
    public Task<ChatRunEndResult> FailIfOrphanedAsync(Guid run) => EndAsync("anybody", "", run, ChatRunState.Error, ChatRunEnd.Interrupted);

    /// <summary>Says that what came of a call is in Chat's database, so that it needs not stay here.</summary>
    public Task MarkSavedAsync(Guid run)
    {
        var db = redis.GetDatabase();
        return WithTimeoutAsync(Task.WhenAll(db.KeyExpireAsync(RunKey(run), SavedRunRetention), db.KeyExpireAsync(EventsKey(run), SavedRunRetention)));
    }

    /// <summary>Returns a run's owner, as <see cref="ChatRunOwner.Key"/>, its state and the number of its last event; null when Redis does not have it.</summary>
    public async Task<(string Owner, ChatRunState State, long Told)?> FindAsync(Guid run) =>
        await WithTimeoutAsync(redis.GetDatabase().HashGetAsync(RunKey(run), ["owner", "state", "told"])) is [{ IsNull: false } owner, var state, var told] ? (owner!, ParseState(state!)!.Value, (long)told) : null;

    /// <summary>How far a call has come; none when it is not here.</summary>
    public async Task<ChatRunState?> GetStateAsync(Guid run) => (await FindAsync(run))?.State;

    /// <summary>The events behind a number, in order; no more than so many.</summary>
    public async Task<IReadOnlyList<ChatStreamEvent>> ReadAsync(Guid run, long after, int atMost)
    {
        var entries = await WithTimeoutAsync(redis.GetDatabase().StreamRangeAsync(EventsKey(run), $"({after}", "+", atMost));
        return [.. entries.Select(ParseEvent)];
    }

    /// <summary>Says that a runner lives.</summary>
    public Task RenewLeaseAsync(string worker) => WithTimeoutAsync(redis.GetDatabase().StringSetAsync(WorkerKey(worker), "", Lease));

    /// <summary>Says that a runner is gone, so that nobody waits for it.</summary>
    public Task ReleaseLeaseAsync(string worker) => WithTimeoutAsync(redis.GetDatabase().KeyDeleteAsync(WorkerKey(worker)));

    /// <summary>Has a runner told at once of each call of its own that somebody else ends. A hint: while Redis is away some go missing.</summary>
    public Task SubscribeToRunEndsAsync(string worker, Action<Guid> ended) => WithTimeoutAsync(redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(WorkerKey(worker)), (_, call) => ended(Guid.Parse((string)call!))));

    /// <summary>Calls back at once whenever something of a call is told, until disposed of. A hint: while Redis is away some go missing.</summary>
    public async Task<IDisposable> SubscribeAsync(Guid run, Action published)
    {
        var heard = new EventSubscription(redis.GetSubscriber(), RedisChannel.Literal(EventsKey(run)), published);
        try
        {
            await WithTimeoutAsync(heard.StartAsync());
            return heard;
        }
        catch
        {
            heard.Dispose();
            throw;
        }
    }

    private async Task<ChatRunEndResult> EndAsync(string by, string who, Guid run, ChatRunState state, ChatRunEnd? ending, long published = 0)
    {
        var answer = (string)(await ExecuteScriptAsync(EndScript, [RunKey(run), EventsKey(run)], by, who, FormatState(state), SerializeEnd(ending), Milliseconds(RunRetention), run.ToString(), published, SerializeEnd(ChatRunEnd.Lost), WorkerKey("")))!;
        return answer == "ENDED" ? new(state, EndedByThisCall: true) : new(ParseState(answer), EndedByThisCall: false);
    }

    private static ChatStreamEvent ParseEvent(StreamEntry entry)
    {
        var (id, content) = ((string)entry.Id!, (string)entry.Values[1].Value!);
        var number = long.Parse(id.AsSpan(0, id.IndexOf('-')), CultureInfo.InvariantCulture);
        var state = ParseState((string)entry.Values[0].Value!)!.Value;
        return state == ChatRunState.Started ? new(number, state, content)
            : new(number, state, "", content.Length == 0 ? null : JsonSerializer.Deserialize<ChatRunEnd>(content, Json.Options));
    }

    private static string SerializeEnd(ChatRunEnd? ending) => ending is null ? "" : JsonSerializer.Serialize(ending, Json.Options);

    private static string FormatState(ChatRunState state) => state.ToString().ToUpperInvariant();

    private static ChatRunState? ParseState(string word) => word.Length == 0 ? null : Enum.Parse<ChatRunState>(word, ignoreCase: true);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static string RunKey(Guid call) => $"medcor:chat:call:{call}";

    private static string EventsKey(Guid call) => $"medcor:chat:events:{call}";

    private static string WorkerKey(string runner) => $"medcor:chat:runner:{runner}";

    /// <summary>A digest, so that a key has a bounded length whatever a client sends.</summary>
    private static string RequestKey(ChatRunOwner owner, string requestId) =>
        $"medcor:chat:request:{owner.Key}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(requestId)))}";

    private Task<RedisResult> ExecuteScriptAsync(string script, RedisKey[] keys, params RedisValue[] arguments) => WithTimeoutAsync(redis.GetDatabase().ScriptEvaluateAsync(script, keys, arguments));

    private Task<T> WithTimeoutAsync<T>(Task<T> work) => work.WaitAsync(RedisTimeout, clock);

    private Task WithTimeoutAsync(Task work) => work.WaitAsync(RedisTimeout, clock);

    private sealed class EventSubscription(ISubscriber subscriber, RedisChannel channel, Action told) : IDisposable
    {
        public Task StartAsync() => subscriber.SubscribeAsync(channel, OnPublished);

        // Not waited for: what is left behind ends with the connection.
        public void Dispose() => subscriber.Unsubscribe(channel, OnPublished, CommandFlags.FireAndForget);

        private void OnPublished(RedisChannel channel, RedisValue number) => told();
    }
}

/// <summary>What came of ending a call.</summary>
/// <param name="State">How far it has come by then: it may have ended sooner and otherwise, or live on. None when it is not here, or not the owner's.</param>
/// <param name="EndedByThisCall">Whether it was this that ended it.</param>
public readonly record struct ChatRunEndResult(ChatRunState? State, bool EndedByThisCall);
