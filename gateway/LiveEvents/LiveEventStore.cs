using MedCor.Contracts;
using StackExchange.Redis;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Reads and writes the streams of live events in Redis, which all gateways share: one per hospital, one for events that concern no hospital and so
/// everybody, and one of all events for platform administrators. Each keeps the events of the last 24 hours, up to 10,000 events and a size limit. Separate
/// streams hold copies of tool responses for connected users, for minutes.
/// </summary>
internal sealed class LiveEventStore(IConnectionMultiplexer redis) : IDisposable
{
    /// <summary>The stream of events that concern no hospital.</summary>
    public const string PlatformStream = "medcor:live:platform";

    /// <summary>The stream of all events of all hospitals.</summary>
    public const string AllStream = "medcor:live:all";

    /// <summary>The hash with the last entry number of each stream, the current epoch, and the Redis run id at the last write.</summary>
    private const string HeadsKey = "medcor:live:heads";

    private const string ToolResponsePrefix = "medcor:live:answers:";
    private const string Channel = "medcor:live";

    /// <summary>The hash with the size of each stream's entries in bytes.</summary>
    private const string SizesKey = "medcor:live:sizes";

    internal const int MaxEntries = 10_000;

    /// <summary>The maximum size in bytes of the events of a hospital, and of all events together.</summary>
    internal const int MaxHospitalBytes = 8 * 1024 * 1024;
    internal const int MaxTotalBytes = 32 * 1024 * 1024;
    private const int RetentionSeconds = 24 * 60 * 60;
    private const int MaxToolResponses = 500;
    private const int ToolResponseRetentionSeconds = 15 * 60;

    /// <summary>
    /// The maximum size in bytes of the tool responses of a hospital, and of those of one person: a user with many
    /// responses displaces the same user's older ones.
    /// </summary>
    internal const int MaxToolResponseBytes = 4 * 1024 * 1024;
    internal const int MaxToolResponseBytesPerUser = 512 * 1024;
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Appends events to a stream and to the stream of all events, exactly once: the ids of as many events as a stream has entries are kept, and only an
    /// event that was written a moment ago is delivered again. A restarted Redis may have lost its last writes or all of them. It has not if it still holds
    /// the last entry that this writer wrote; otherwise the script starts a new epoch, which tells every reader that events may be missing. The oldest
    /// entries beyond the maximum number or size of a stream are removed. An entry without a size was written by an earlier version and was never counted.
    /// </summary>
    private const string AppendScript = """
        local seen, heads, stream, all, sizes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
        local event = ARGV[9]
        if redis.call('ZSCORE', seen, event) then return false end
        local seconds, kept, channel = ARGV[1], tonumber(ARGV[2]), ARGV[3]
        local epoch_known, number_known, is_doubtful = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
        local most = {[stream] = tonumber(ARGV[7]), [all] = tonumber(ARGV[8])}
        local function make_room(s, bytes)
          if redis.call('EXISTS', s) == 0 then redis.call('HDEL', sizes, s) end
          local size = redis.call('HINCRBY', sizes, s, bytes)
          local number = redis.call('XLEN', s)
          while number > 0 and (number >= kept or size > most[s]) do
            local oldest = redis.call('XRANGE', s, '-', '+', 'COUNT', 1)[1]
            for i = 1, #oldest[2], 2 do
              if oldest[2][i] == 'size' then size = redis.call('HINCRBY', sizes, s, -oldest[2][i + 1]) end
            end
            number = number - redis.call('XDEL', s, oldest[1])
          end
        end
        local epoch = tonumber(redis.call('HGET', heads, 'epoch') or 0)
        local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
        if is_doubtful or redis.call('HGET', heads, 'run') ~= run then
          local intact = not is_doubtful and epoch > 0 and epoch_known == epoch and number_known == tonumber(redis.call('HGET', heads, all) or 0)
          if not intact then
            epoch = math.max(redis.call('TIME')[1] * 1000, epoch + 1, epoch_known + 1)
            redis.call('HSET', heads, 'epoch', string.format('%.0f', epoch))
          end
          redis.call('HSET', heads, 'run', run)
        end
        local time = redis.call('TIME')
        local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
        for i = 10, #ARGV, 5 do
          for _, s in ipairs({stream, all}) do
            make_room(s, #ARGV[i+4])
            local number = redis.call('HINCRBY', heads, s, 1)
            redis.call('XADD', s, string.format('%.0f-%.0f', epoch, number), 'at', now,
              'event', ARGV[i], 'resource', ARGV[i+1], 'callers', ARGV[i+2], 'person', ARGV[i+3], 'size', #ARGV[i+4], 'data', ARGV[i+4])
            redis.call('EXPIRE', s, seconds)
          end
        end
        redis.call('ZADD', seen, now, event)
        redis.call('ZREMRANGEBYRANK', seen, 0, -kept - 1)
        redis.call('EXPIRE', seen, seconds)
        redis.call('PUBLISH', channel, stream)
        return {string.format('%.0f', epoch), redis.call('HGET', heads, all)}
        """;

    /// <summary>
    /// Appends a tool response. Removes the oldest entries: those that are too old, those of the person beyond the size limit per user, and then any beyond
    /// the size and number limits of the stream. The sizes per person and in total, and the ids of each person's entries, oldest first, are kept beside the
    /// stream. An entry without a time was written by an earlier version and was never counted.
    /// </summary>
    private const string AppendToolResponseScript = """
        local heads, stream, sizes, prefix, channel = KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1]
        local seconds, kept, most, most_each = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
        local event, person, tool, data = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
        local epoch = redis.call('HGET', heads, 'epoch')
        if not epoch then return end
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function read(from, to)
          local entry = redis.call('XRANGE', stream, from, to, 'COUNT', 1)[1]
          if not entry then return end
          local fields = {id = entry[1]}
          for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
          return fields
        end
        local function drop(entry)
          redis.call('XDEL', stream, entry.id)
          if not entry.at then return end
          redis.call('HINCRBY', sizes, 'all', -#entry.data)
          if redis.call('HINCRBY', sizes, entry.person, -#entry.data) <= 0 then redis.call('HDEL', sizes, entry.person) end
          if redis.call('LINDEX', prefix .. entry.person, 0) == entry.id then redis.call('LPOP', prefix .. entry.person) end
        end
        local function is_over(whose, bound) return tonumber(redis.call('HGET', sizes, whose) or 0) + #data > bound end
        local oldest = read('-', '+')
        while oldest and tonumber(oldest.at or 0) < now - seconds * 1000 do
          drop(oldest)
          oldest = read('-', '+')
        end
        while is_over(person, most_each) do
          local id = redis.call('LPOP', prefix .. person)
          if not id then break end
          local entry = read(id, id)
          if entry then drop(entry) end
        end
        oldest = read('-', '+')
        while oldest and (is_over('all', most) or redis.call('XLEN', stream) >= kept) do
          drop(oldest)
          oldest = read('-', '+')
        end
        local id = epoch .. '-' .. redis.call('HINCRBY', heads, stream, 1)
        redis.call('XADD', stream, id, 'at', string.format('%.0f', now), 'event', event, 'resource', '', 'callers', 0, 'person', person,
          'tool', tool, 'data', data)
        redis.call('HINCRBY', sizes, 'all', #data)
        redis.call('HINCRBY', sizes, person, #data)
        redis.call('RPUSH', prefix .. person, id)
        for _, key in ipairs({stream, sizes, prefix .. person}) do redis.call('EXPIRE', key, seconds) end
        redis.call('PUBLISH', channel, stream)
        """;

    /// <summary>Returns the end of a stream. Starts the first epoch if there is none, so that the position before the first event is valid.</summary>
    private const string GetEndScript = """
        local epoch = redis.call('HGET', KEYS[1], 'epoch')
        if not epoch then
          epoch = string.format('%.0f', redis.call('TIME')[1] * 1000)
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'run', string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'))
        end
        return {epoch, redis.call('HGET', KEYS[1], KEYS[2]) or '0'}
        """;

    /// <summary>The last id that this process wrote to the stream of all events. Redis must still hold it unless it lost data.</summary>
    private StreamId _lastWritten;

    /// <summary>
    /// The id of the event whose append has begun but is not confirmed. When another event follows, the unconfirmed one was abandoned, and writes are
    /// doubtful until an append succeeds.
    /// </summary>
    private Guid? _unconfirmed;
    private bool _hasAbandonedWrite;

    /// <summary>Limits how many subscribers catch up at the same time, so that their reads delay no other reads.</summary>
    private readonly SemaphoreSlim _catchUpSlots = new(4);

    /// <summary>Returns the name of the stream of a hospital's events.</summary>
    public static string HospitalStream(Guid hospital) => $"medcor:live:hospital:{hospital:N}";

    /// <summary>Returns the name of the stream of tool responses to users of a hospital, or to those of none.</summary>
    public static string ToolResponseStream(Guid? hospital) => $"{ToolResponsePrefix}{hospital?.ToString("N") ?? "platform"}";

    /// <summary>Returns whether a stream is one of <see cref="ToolResponseStream"/>.</summary>
    public static bool IsToolResponseStream(string stream) => stream.StartsWith(ToolResponsePrefix, StringComparison.Ordinal);

    /// <summary>
    /// Appends the live events of an integration event, exactly once however often it is called for the same event before 10,000 others of its hospital.
    /// Throws while Redis is unavailable.
    /// </summary>
    public async Task AppendAsync(IntegrationEvent integrationEvent, IReadOnlyList<LiveEvent> events)
    {
        var stream = integrationEvent.HospitalId is { } hospital ? HospitalStream(hospital) : PlatformStream;
        _hasAbandonedWrite |= _unconfirmed is { } previous && previous != integrationEvent.EventId;
        _unconfirmed = integrationEvent.EventId;
        RedisKey[] keys = [$"{stream}:seen", HeadsKey, stream, AllStream, SizesKey];
        List<RedisValue> arguments = [RetentionSeconds, MaxEntries, Channel, _lastWritten.Epoch, _lastWritten.Number, _hasAbandonedWrite ? "1" : "0",
            MaxHospitalBytes, MaxTotalBytes, integrationEvent.EventId.ToString("N")];
        foreach (var e in events)
            arguments.AddRange([e.Name, e.Resource, (int)e.Audience.Callers, FormatUsers(e.Audience), e.Data]);
        var result = await redis.GetDatabase().ScriptEvaluateAsync(AppendScript, keys, [.. arguments]).WaitAsync(RedisTimeout);
        (_unconfirmed, _hasAbandonedWrite) = (null, false);
        if (!result.IsNull) _lastWritten = ParseId(result);
    }

    /// <summary>Returns the IDs of the users in an audience, separated by commas. An earlier version reads one ID and takes several for none.</summary>
    private static string FormatUsers(Audience audience) =>
        string.Join(',', (audience.FurtherUserIds ?? []).Prepend(audience.UserId ?? Guid.Empty).Where(id => id != Guid.Empty).Select(id => id.ToString("N")));

    /// <summary>Appends a tool response for one user. Throws while Redis is unavailable.</summary>
    public Task AppendToolResponseAsync(Guid? hospital, LiveEvent response)
    {
        var stream = ToolResponseStream(hospital);
        return redis.GetDatabase().ScriptEvaluateAsync(AppendToolResponseScript, [HeadsKey, stream, $"{stream}:bytes", $"{stream}:of:"],
            [Channel, ToolResponseRetentionSeconds, MaxToolResponses,
                MaxToolResponseBytes, MaxToolResponseBytesPerUser, response.Name, response.Audience.UserId!.Value.ToString("N"), response.Tool, response.Data])
            .WaitAsync(RedisTimeout);
    }

    /// <summary>
    /// Reads the entries of each stream after a position in order, at most <paramref name="maxCount"/> per stream. Streams without new entries are left
    /// out.
    /// </summary>
    public async Task<IReadOnlyList<(string Stream, IReadOnlyList<StoredEvent> Entries)>> ReadAsync(IReadOnlyList<(string Stream, StreamId After)> from,
        int maxCount)
    {
        var streams = await redis.GetDatabase().StreamReadAsync([.. from.Select(f => new StreamPosition(f.Stream, f.After.ToString()))], maxCount)
            .WaitAsync(RedisTimeout);
        return [.. streams.Select(stream => ((string)stream.Key!, (IReadOnlyList<StoredEvent>)[.. stream.Entries.Select(StoredEvent.Parse)]))];
    }

    /// <summary>Reads the next entries of a stream that a subscriber missed, in small batches and for few subscribers at the same time.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadMissedAsync(string stream, StreamId after, CancellationToken ct)
    {
        await _catchUpSlots.WaitAsync(ct);
        try
        {
            // Tool responses are much larger than events.
            var read = await ReadAsync([(stream, after)], IsToolResponseStream(stream) ? 20 : 200);
            return read.Count > 0 ? read[0].Entries : [];
        }
        finally
        {
            _catchUpSlots.Release();
        }
    }

    /// <summary>Returns the current epoch; null before the first.</summary>
    public async Task<long?> GetEpochAsync() => (long?)await redis.GetDatabase().HashGetAsync(HeadsKey, "epoch").WaitAsync(RedisTimeout);

    /// <summary>Returns the end of a stream.</summary>
    public async Task<StreamId> GetEndAsync(string stream) =>
        ParseId(await redis.GetDatabase().ScriptEvaluateAsync(GetEndScript, [HeadsKey, stream]).WaitAsync(RedisTimeout));

    /// <summary>
    /// Registers a callback that receives the name of a stream that has new entries, or null when a lost connection is restored. Notifications can be lost.
    /// </summary>
    public async Task SubscribeAsync(Action<string?> onNewEntries)
    {
        redis.ConnectionRestored += (_, _) => onNewEntries(null);
        await redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(Channel), (_, stream) => onNewEntries(stream)).WaitAsync(RedisTimeout);
    }

    public void Dispose() => _catchUpSlots.Dispose();

    private static StreamId ParseId(RedisResult result)
    {
        var parts = (RedisResult[])result!;
        return new((long)parts[0], (long)parts[1]);
    }

    /// <summary>Represents an event at its position in a stream.</summary>
    /// <param name="At">The time of the write; null for an entry written by an earlier version, which contains more data than is delivered now.</param>
    internal sealed record StoredEvent(StreamId Id, LiveEvent Event, DateTimeOffset? At)
    {
        internal static StoredEvent Parse(StreamEntry entry)
        {
            string? name = null, resource = null, tool = null;
            ReadOnlyMemory<byte> data = default;
            var callers = Callers.None;
            var users = new List<Guid>();
            DateTimeOffset? at = null;
            foreach (var field in entry.Values)
                switch ((string)field.Name!)
                {
                    case "event": name = field.Value; break;
                    case "resource": resource = field.Value; break;
                    case "callers": callers = (Callers)(int)field.Value; break;
                    case "person": users = ParseUsers(field.Value.ToString()); break;
                    case "tool": tool = field.Value; break;
                    case "data": data = field.Value; break;
                    case "at": at = DateTimeOffset.FromUnixTimeMilliseconds((long)field.Value); break;
                }
            // An event without a resource is a tool's response. An earlier version wrote one without the tool, which only tokens without scopes receive.
            if (resource is "") tool ??= "";
            return new(StreamId.Parse((string)entry.Id!), new LiveEvent(name!, resource!, ToAudience(callers, users), data.Span, tool), at);

            static List<Guid> ParseUsers(string ids) =>
                [.. ids.Split(',').Select(text => Guid.TryParseExact(text, "N", out var id) ? id : (Guid?)null).OfType<Guid>()];

            static Audience ToAudience(Callers callers, List<Guid> users) =>
                new(callers, users.Count > 0 ? users[0] : null, users.Count > 1 ? [.. users.Skip(1)] : null);
        }
    }
}
