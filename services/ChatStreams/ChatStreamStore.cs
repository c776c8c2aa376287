using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Servers;
using StackExchange.Redis;

namespace MedCor.ChatStreams;

/// <summary>
/// Stores chat runs in Redis, where each run is started once, published and ended once, whichever replica acts or reads. A run is a hash (its owner, its state
/// and the worker that executes it) and a stream of its events, of which the end is the last. Each change is one script, so no change is applied in part or
/// twice. A worker is a process that executes runs and renews a lease while it lives. What a user and a hospital have in Redis is limited in bytes: the oldest
/// runs that Chat's database has make room. All methods throw <see cref="RedisException"/> or <see cref="TimeoutException"/> while Redis is unavailable.
/// </summary>
public sealed class ChatStreamStore(IConnectionMultiplexer redis, TimeProvider clock)
{
    /// <summary>Specifies the time for which a request ID prevents a second run.</summary>
    public static readonly TimeSpan RequestIdRetention = TimeSpan.FromHours(24);

    /// <summary>The duration of a worker's lease. A worker that has not renewed its lease for this long is gone, and its runs with it.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(9);

    /// <summary>Specifies the time for which a run that exists only in Redis is kept.</summary>
    private static readonly TimeSpan RunRetention = TimeSpan.FromHours(24);

    /// <summary>
    /// The time for which a run can still be read from Redis, piece by piece, once Chat's database has it. A longer time would fill the memory that all runs
    /// share.
    /// </summary>
    private static readonly TimeSpan SavedRunRetention = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The maximum size in bytes of the runs and request ids of a user, and of those of a hospital; programs with the server token may have as much as a
    /// hospital.
    /// </summary>
    internal const int MaxUserBytes = 4 * 1024 * 1024;
    internal const int MaxHospitalBytes = 16 * 1024 * 1024;

    private const int RetryAfterSeconds = 10;
    private const string KeyPrefix = "medcor:chat:";
    private const string BudgetPrefix = KeyPrefix + "budget:";
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Opens a budget. The runs and request ids that are dropped are in Chat's database. The sizes include what Redis needs in addition to the content. A run
    /// that an earlier version has started has no hospital and is not counted.
    /// </summary>
    private const string BudgetFunctions = RedisBudget.Functions + "\n" + $"""
        local RUN, REQUEST, PIECE = 512, 384, 32
        local function drop(user, name)
          local kind, id = string.sub(name, 1, 1), string.sub(name, 2)
          if kind == 'c' then redis.call('DEL', '{KeyPrefix}call:' .. id, '{KeyPrefix}events:' .. id)
          else redis.call('DEL', '{KeyPrefix}request:' .. user .. ':' .. id) end
        end
        local function budget_of(user, hospital, most, most_all)
          return open_budget('{BudgetPrefix}' .. hospital, user, tonumber(most or 0), tonumber(most_all or 0))
        end

        """;

    /// <summary>
    /// Starts a run, if the owner has room for it. The script also sets the worker's lease, so that a run has a live worker from the start even if Redis has
    /// lost the lease.
    /// </summary>
    private const string StartScript = BudgetFunctions + """
        if KEYS[2] then
            local known = redis.call('HMGET', KEYS[2], 'call', 'hash')
            if known[1] then return known end
        end
        local user, hospital, most, request = ARGV[2], ARGV[9], ARGV[10], ARGV[12]
        local budget = budget_of(user, hospital, most, ARGV[11])
        if not budget.make_room(KEYS[2] and RUN + REQUEST or RUN, drop) then return {'', ''} end
        budget.add(user .. '/c' .. ARGV[1], RUN)
        budget.keep(user .. '/c' .. ARGV[1], ARGV[6])
        if KEYS[2] then
            redis.call('HSET', KEYS[2], 'call', ARGV[1], 'hash', ARGV[3])
            redis.call('PEXPIRE', KEYS[2], ARGV[5])
            budget.add(user .. '/r' .. request, REQUEST)
            budget.keep(user .. '/r' .. request, ARGV[5])
        end
        redis.call('HSET', KEYS[1], 'owner', user, 'state', 'STARTED', 'runner', ARGV[4], 'told', 0, 'hospital', hospital, 'most', most,
            'request', request)
        redis.call('PEXPIRE', KEYS[1], ARGV[6])
        redis.call('SET', ARGV[8] .. ARGV[4], '', 'PX', ARGV[7])
        return {ARGV[1], ARGV[3]}
        """;

    /// <summary>
    /// Appends pieces, if the owner has room for them. Pieces that an earlier attempt, whose reply was lost, has already appended are skipped. When earlier
    /// pieces are missing, Redis has lost them and with them the run.
    /// </summary>
    private const string AppendScript = BudgetFunctions + """
        local call = redis.call('HMGET', KEYS[1], 'state', 'runner', 'told', 'owner', 'hospital', 'most')
        if not call[1] then return '' end
        if call[1] ~= 'STARTED' then return call[1] end
        if call[2] ~= ARGV[1] then return '' end
        local told, first = tonumber(call[3]), tonumber(ARGV[2])
        if first > told + 1 then return '' end
        local size = 0
        for i = 5, #ARGV, 2 do
            if first + (i - 5) / 2 > told then size = size + #ARGV[i] + #ARGV[i + 1] + PIECE end
        end
        if call[5] and size > 0 then
            local budget = budget_of(call[4], call[5], call[6], ARGV[4])
            if not budget.make_room(size, drop) then return 'FULL' end
            budget.add(call[4] .. '/c' .. string.match(KEYS[1], '[^:]+$'), size)
        end
        for i = 5, #ARGV, 2 do
            local number = first + (i - 5) / 2
            if number > told then
                local id = string.format('%.0f-0', number)
                if ARGV[i + 1] == '' then redis.call('XADD', KEYS[2], id, 's', 'STARTED', 't', ARGV[i])
                else redis.call('XADD', KEYS[2], id, 's', 'STARTED', 't', ARGV[i], 'd', ARGV[i + 1]) end
                told = number
            end
        end
        redis.call('HSET', KEYS[1], 'told', told)
        if first == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
        redis.call('PUBLISH', KEYS[2], told)
        return 'STARTED'
        """;

    /// <summary>
    /// Ends a run. Only the first end counts. When someone other than the worker ends the run, the script notifies the worker. An answer of which Redis has
    /// lost a part ends as an error.
    /// </summary>
    private const string EndScript = BudgetFunctions + """
        local call = redis.call('HMGET', KEYS[1], 'state', 'owner', 'runner', 'told', 'hospital')
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
        if call[5] then
            local budget = budget_of(call[2], call[5])
            budget.add(call[2] .. '/c' .. id, #why + PIECE)
            budget.keep(call[2] .. '/c' .. id, kept)
        end
        redis.call('PUBLISH', KEYS[2], number)
        if by ~= 'runner' then redis.call('PUBLISH', prefix .. call[3], id) end
        return ended
        """;

    /// <summary>Lets a run expire, and lets it and the record of its request's ID be dropped before that.</summary>
    private const string MarkSavedScript = BudgetFunctions + """
        local call = redis.call('HMGET', KEYS[1], 'owner', 'hospital', 'request')
        for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[1]) end
        if not call[2] then return end
        local budget, run = budget_of(call[1], call[2]), call[1] .. '/c' .. string.match(KEYS[1], '[^:]+$')
        budget.keep(run, ARGV[1])
        budget.offer(run)
        if call[3] ~= '' then budget.offer(call[1] .. '/r' .. call[3]) end
        """;

    /// <summary>Deletes a run, and the record of its request's ID unless that ID refers to another run by now.</summary>
    private const string DiscardScript = BudgetFunctions + """
        local budget = budget_of(ARGV[2], ARGV[3])
        budget.forget(ARGV[2] .. '/c' .. ARGV[1])
        if KEYS[3] and redis.call('HGET', KEYS[3], 'call') == ARGV[1] then
            redis.call('DEL', KEYS[3])
            budget.forget(ARGV[2] .. '/r' .. ARGV[4])
        end
        return redis.call('DEL', KEYS[1], KEYS[2])
        """;

    /// <summary>
    /// Starts a run, unless the owner started one with the same request ID in the last 24 hours. Returns the ID and the digest of the run that was started
    /// then, or of the new one.
    /// </summary>
    /// <param name="requestId">The owner's ID for the request; null to start a run in any case.</param>
    /// <param name="digest">The digest of the request's content.</param>
    /// <param name="worker">The worker that executes the run.</param>
    /// <exception cref="RateLimited">The user's or the hospital's runs that are not saved yet leave no room in Redis.</exception>
    public async Task<(Guid Call, string Digest)> StartAsync(Guid run, ChatRunOwner owner, string? requestId, string digest, string worker)
    {
        var keys = requestId is null ? (RedisKey[])[RunKey(run)] : [RunKey(run), RequestKey(owner, requestId)];
        var mostOfUser = owner == ChatRunOwner.Server ? MaxHospitalBytes : MaxUserBytes;
        var started = (string[])(await ExecuteScriptAsync(StartScript, keys, run.ToString(), owner.Key, digest, worker, Milliseconds(RequestIdRetention),
            Milliseconds(RunRetention), Milliseconds(Lease), WorkerKey(""), HospitalOf(owner), mostOfUser, MaxHospitalBytes, HashOf(requestId)))!;
        if (started[0].Length == 0) throw NoRoom();
        return (Guid.Parse(started[0]), started[1]);
    }

    /// <summary>Deletes a run that could not be executed, so that the request can be sent again.</summary>
    public Task DiscardAsync(Guid run, ChatRunOwner owner, string? requestId)
    {
        var keys = requestId is null ? (RedisKey[])[RunKey(run), EventsKey(run)] : [RunKey(run), EventsKey(run), RequestKey(owner, requestId)];
        return ExecuteScriptAsync(DiscardScript, keys, run.ToString(), owner.Key, HospitalOf(owner), HashOf(requestId));
    }

    /// <summary>
    /// Appends pieces of the answer. Returns the state of the run afterwards: any state other than started means that no more pieces are needed; null means
    /// that Redis does not have the run.
    /// </summary>
    /// <param name="first">The number of the first piece.</param>
    /// <exception cref="RateLimited">The user's or the hospital's runs that are not saved yet leave no room in Redis; nothing was appended.</exception>
    public async Task<ChatRunState?> AppendAsync(Guid run, string worker, long first, IReadOnlyList<ChatPiece> pieces)
    {
        var state = (string)(await ExecuteScriptAsync(AppendScript, [RunKey(run), EventsKey(run)],
            [worker, first, Milliseconds(RunRetention), MaxHospitalBytes,
                .. pieces.SelectMany(piece => (RedisValue[])[piece.Text, piece.Data ?? ""])]))!;
        return state == "FULL" ? throw NoRoom() : ParseState(state);
    }

    /// <summary>Ends a run on behalf of its worker.</summary>
    /// <param name="published">
    /// The number of pieces that were published. When Redis has fewer, pieces are lost, and the run ends with <see cref="ChatRunEnd.Lost"/>.
    /// </param>
    public Task<ChatRunEndResult> EndAsync(Guid run, ChatRunState state, ChatRunEnd? ending, long published) =>
        EndAsync("runner", "", run, state, ending, published);

    /// <summary>Cancels a run on behalf of its owner.</summary>
    public Task<ChatRunEndResult> CancelAsync(Guid run, ChatRunOwner owner) => EndAsync("owner", owner.Key, run, ChatRunState.Cancelled, ChatRunEnd.Cancelled);

    /// <summary>Ends a run whose worker is gone; has no effect while the worker lives.</summary>
    public Task<ChatRunEndResult> FailIfOrphanedAsync(Guid run) => EndAsync("anybody", "", run, ChatRunState.Error, ChatRunEnd.Interrupted);

    /// <summary>Records that Chat's database has the result of a run, so that the run can expire from Redis soon, or make room before that.</summary>
    public Task MarkSavedAsync(Guid run) =>
        ExecuteScriptAsync(MarkSavedScript, [RunKey(run), EventsKey(run)], Milliseconds(SavedRunRetention));

    /// <summary>
    /// Returns a run's owner, as <see cref="ChatRunOwner.Key"/>, its state and the number of its last event; null when Redis does not have the run.
    /// </summary>
    public async Task<(string Owner, ChatRunState State, long EventCount)?> FindAsync(Guid run) =>
        await WithTimeoutAsync(redis.GetDatabase().HashGetAsync(RunKey(run), ["owner", "state", "told"])) is [{ IsNull: false } owner, var state,
            var eventCount] ? (owner!, ParseState(state!)!.Value, (long)eventCount) : null;

    /// <summary>Returns the state of a run; null when Redis does not have the run.</summary>
    public async Task<ChatRunState?> GetStateAsync(Guid run) => (await FindAsync(run))?.State;

    /// <summary>Returns the events after a number, in order.</summary>
    /// <param name="after">The number of the last event before those that are returned.</param>
    /// <param name="maxCount">The maximum number of events.</param>
    public async Task<IReadOnlyList<ChatStreamEvent>> ReadAsync(Guid run, long after, int maxCount)
    {
        var entries = await WithTimeoutAsync(redis.GetDatabase().StreamRangeAsync(EventsKey(run), $"({after}", "+", maxCount));
        return [.. entries.Select(ParseEvent)];
    }

    /// <summary>Renews a worker's lease.</summary>
    public Task RenewLeaseAsync(string worker) => WithTimeoutAsync(redis.GetDatabase().StringSetAsync(WorkerKey(worker), "", Lease));

    /// <summary>Releases a worker's lease, so that no reader waits for the lease to expire.</summary>
    public Task ReleaseLeaseAsync(string worker) => WithTimeoutAsync(redis.GetDatabase().KeyDeleteAsync(WorkerKey(worker)));

    /// <summary>
    /// Calls back for each of a worker's runs that someone else ends. The callback is only a hint: notifications are lost while Redis is unavailable.
    /// </summary>
    public Task SubscribeToRunEndsAsync(string worker, Action<Guid> ended) =>
        WithTimeoutAsync(redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(WorkerKey(worker)), (_, call) => ended(Guid.Parse((string)call!))));

    /// <summary>
    /// Calls back whenever an event of a run is published, until the returned object is disposed. The callback is only a hint: notifications are lost while
    /// Redis is unavailable.
    /// </summary>
    public async Task<IDisposable> SubscribeAsync(Guid run, Action published)
    {
        var subscription = new EventSubscription(redis.GetSubscriber(), RedisChannel.Literal(EventsKey(run)), published);
        try
        {
            await WithTimeoutAsync(subscription.StartAsync());
            return subscription;
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }

    private async Task<ChatRunEndResult> EndAsync(string by, string owner, Guid run, ChatRunState state, ChatRunEnd? ending, long published = 0)
    {
        var result = (string)(await ExecuteScriptAsync(EndScript, [RunKey(run), EventsKey(run)], by, owner, FormatState(state), SerializeEnd(ending),
            Milliseconds(RunRetention), run.ToString(), published, SerializeEnd(ChatRunEnd.Lost), WorkerKey("")))!;
        return result == "ENDED" ? new(state, EndedByThisCall: true) : new(ParseState(result), EndedByThisCall: false);
    }

    private static ChatStreamEvent ParseEvent(StreamEntry entry)
    {
        var (id, content) = ((string)entry.Id!, (string)entry.Values[1].Value!);
        var number = long.Parse(id.AsSpan(0, id.IndexOf('-')), CultureInfo.InvariantCulture);
        var state = ParseState((string)entry.Values[0].Value!)!.Value;
        // What the model does by tools is a third field, so that a gateway of an earlier version reads an empty piece.
        return state == ChatRunState.Started ? new(number, state, content, Data: entry.Values.Length > 2 ? (string?)entry.Values[2].Value : null)
            : new(number, state, "", content.Length == 0 ? null : JsonSerializer.Deserialize<ChatRunEnd>(content, Json.Options));
    }

    private static string SerializeEnd(ChatRunEnd? ending) => ending is null ? "" : JsonSerializer.Serialize(ending, Json.Options);

    private static string FormatState(ChatRunState state) => state.ToString().ToUpperInvariant();

    private static ChatRunState? ParseState(string text) => text.Length == 0 ? null : Enum.Parse<ChatRunState>(text, ignoreCase: true);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static string RunKey(Guid call) => $"{KeyPrefix}call:{call}";

    private static string EventsKey(Guid call) => $"{KeyPrefix}events:{call}";

    private static string WorkerKey(string worker) => $"{KeyPrefix}runner:{worker}";

    private static string HospitalOf(ChatRunOwner owner) => owner.HospitalId.ToString("N");

    /// <summary>Returns the key of a request. The request's ID is hashed so that the key has a bounded length whatever the client sends.</summary>
    private static string RequestKey(ChatRunOwner owner, string requestId) => $"{KeyPrefix}request:{owner.Key}:{HashOf(requestId)}";

    private static string HashOf(string? requestId) =>
        requestId is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(requestId)));

    private static RateLimited NoRoom() =>
        new("Your answers, or those of your hospital, that are being written take all the memory that they may. Retry shortly.", RetryAfterSeconds);

    private Task<RedisResult> ExecuteScriptAsync(string script, RedisKey[] keys, params RedisValue[] arguments) =>
        WithTimeoutAsync(redis.GetDatabase().ScriptEvaluateAsync(script, keys, arguments));

    private Task<T> WithTimeoutAsync<T>(Task<T> task) => task.WaitAsync(RedisTimeout, clock);

    private Task WithTimeoutAsync(Task task) => task.WaitAsync(RedisTimeout, clock);

    private sealed class EventSubscription(ISubscriber subscriber, RedisChannel channel, Action onPublished) : IDisposable
    {
        public Task StartAsync() => subscriber.SubscribeAsync(channel, OnPublished);

        // Not awaited: a subscription that remains ends with the connection.
        public void Dispose() => subscriber.Unsubscribe(channel, OnPublished, CommandFlags.FireAndForget);

        private void OnPublished(RedisChannel channel, RedisValue number) => onPublished();
    }
}

/// <summary>Represents the result of ending a chat run.</summary>
/// <param name="State">
/// The state of the run afterwards: the run may have ended earlier in another way, or still be running. Null when Redis does not have the run or it belongs to
/// another owner.
/// </param>
/// <param name="EndedByThisCall">Whether this request ended the run.</param>
public readonly record struct ChatRunEndResult(ChatRunState? State, bool EndedByThisCall);
