using System.Globalization;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using StackExchange.Redis;

namespace MedCor.Gateway.Events;

/// <summary>
/// The streams in Redis that all gateways write and read: one per hospital, one for what concerns no hospital and so everybody, and one
/// of everything for the platform's administrators. Each keeps the last 24 hours or about 10,000 events. Beside them stand the answers of tools
/// for those who listen, kept for minutes.
/// </summary>
internal sealed class LiveStreams(IConnectionMultiplexer redis) : IDisposable
{
    /// <summary>Events that concern no hospital.</summary>
    public const string Platform = "medcor:live:platform";

    /// <summary>All events of all hospitals.</summary>
    public const string All = "medcor:live:all";

    /// <summary>How far each stream has come, the present epoch, and the run of Redis that it was last written in.</summary>
    private const string Heads = "medcor:live:heads";

    private const string AnswersPrefix = "medcor:live:answers:";
    private const string Channel = "medcor:live";
    private const int Kept = 10_000;
    private const int KeptSeconds = 24 * 60 * 60;
    private const int AnswersKept = 500;
    private const int AnswersKeptSeconds = 15 * 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds events to a stream and to that of everything, once. Redis that was started anew may have lost the last that it was told, or all. It has not when
    /// it still knows what this writer wrote last; otherwise a new epoch begins, by which every reader sees that events may be missing.
    /// </summary>
    private static readonly RedisScript Write = new("""
        if redis.call('EXISTS', KEYS[1]) == 1 then return false end
        local heads, stream, all, seconds, kept, channel = KEYS[2], KEYS[3], KEYS[4], ARGV[1], ARGV[2], ARGV[3]
        local epoch_known, number_known, is_doubtful = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
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
        for i = 7, #ARGV, 5 do
          for _, s in ipairs({stream, all}) do
            local number = redis.call('HINCRBY', heads, s, 1)
            redis.call('XADD', s, 'MAXLEN', '~', kept, string.format('%.0f-%.0f', epoch, number),
              'event', ARGV[i], 'resource', ARGV[i+1], 'callers', ARGV[i+2], 'person', ARGV[i+3], 'data', ARGV[i+4])
            redis.call('EXPIRE', s, seconds)
          end
        end
        redis.call('SET', KEYS[1], '', 'EX', seconds)
        redis.call('PUBLISH', channel, stream)
        return {string.format('%.0f', epoch), redis.call('HGET', heads, all)}
        """);

    private static readonly RedisScript WriteAnswer = new("""
        local heads, stream, seconds, kept, channel = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
        local epoch = redis.call('HGET', heads, 'epoch')
        if not epoch then return end
        local number = redis.call('HINCRBY', heads, stream, 1)
        redis.call('XADD', stream, 'MAXLEN', '~', kept, epoch .. '-' .. number, 'event', ARGV[4], 'resource', '', 'callers', 0, 'person', ARGV[5], 'data', ARGV[6])
        redis.call('EXPIRE', stream, seconds)
        redis.call('PUBLISH', channel, stream)
        """);

    /// <summary>Where a stream ends. Begins the first epoch where there is none, so that a place before the first event is a place.</summary>
    private static readonly RedisScript FindEnd = new("""
        local epoch = redis.call('HGET', KEYS[1], 'epoch')
        if not epoch then
          epoch = string.format('%.0f', redis.call('TIME')[1] * 1000)
          redis.call('HSET', KEYS[1], 'epoch', epoch, 'run', string.match(redis.call('INFO', 'server'), 'run_id:(%x+)'))
        end
        return {epoch, redis.call('HGET', KEYS[1], KEYS[2]) or '0'}
        """);

    /// <summary>What this process wrote last to the stream of everything: what Redis must still know, unless it lost something.</summary>
    private StreamId written;

    /// <summary>The event whose writing was begun and not confirmed yet. If another follows without it, it was given up: so it is until that one is written.</summary>
    private Guid? unconfirmed;
    private bool hasGivenUp;

    /// <summary>However many come back at once, their reading holds up nobody else's.</summary>
    private readonly SemaphoreSlim catchingUp = new(4);

    /// <summary>The stream of a hospital's events.</summary>
    public static string Of(Guid hospital) => $"medcor:live:hospital:{hospital:N}";

    /// <summary>The stream of what tools answer those who belong to a hospital, or to none, and listen.</summary>
    public static string Answers(Guid? hospital) => $"{AnswersPrefix}{hospital?.ToString("N") ?? "platform"}";

    /// <summary>Whether a stream is one of <see cref="Answers"/>.</summary>
    public static bool AreAnswers(string stream) => stream.StartsWith(AnswersPrefix, StringComparison.Ordinal);

    /// <summary>Adds what a change looks like to listeners, once, however often it is called for the same event. Throws while Redis is away.</summary>
    public async Task Append(IntegrationEvent happened, IReadOnlyList<LiveEvent> events)
    {
        var stream = happened.HospitalId is { } hospital ? Of(hospital) : Platform;
        hasGivenUp |= unconfirmed is { } before && before != happened.EventId;
        unconfirmed = happened.EventId;
        List<object> arguments = [4, $"medcor:live:seen:{happened.EventId:N}", Heads, stream, All, KeptSeconds, Kept, Channel, written.Epoch, written.Number, hasGivenUp ? "1" : "0"];
        foreach (var e in events)
            arguments.AddRange([e.Name, e.Resource, (int)e.Audience.Callers, e.Audience.Person?.ToString("N") ?? "", e.Data.ToArray()]);
        var answer = await Write.Run(redis, [.. arguments]).WaitAsync(Patience);
        (unconfirmed, hasGivenUp) = (null, false);
        if (!answer.IsNull) written = IdOf(answer);
    }

    /// <summary>Adds an answer for one person. Throws while Redis is away.</summary>
    public Task AppendAnswer(Guid? hospital, LiveEvent answer) =>
        WriteAnswer.Run(redis, 2, Heads, Answers(hospital), AnswersKeptSeconds, AnswersKept, Channel, answer.Name, answer.Audience.Person!.Value.ToString("N"), answer.Data.ToArray()).WaitAsync(Patience);

    /// <summary>What each stream has after a place, at most <paramref name="most"/> each, in order. Streams without anything new are left out.</summary>
    public async Task<IReadOnlyList<(string Stream, IReadOnlyList<Entry> Entries)>> Read(IReadOnlyList<(string Stream, StreamId After)> from, int most)
    {
        List<object> arguments = ["COUNT", most, "STREAMS", .. from.Select(f => f.Stream), .. from.Select(f => f.After.ToString())];
        var answer = await redis.GetDatabase().ExecuteAsync("XREAD", [.. arguments]).WaitAsync(Patience);
        if (answer.IsNull) return [];
        return [.. ((RedisResult[])answer).Select(stream => (RedisResult[])stream).Select(stream =>
            ((string)stream[0], (IReadOnlyList<Entry>)[.. ((RedisResult[])stream[1]).Select(Entry.Of)]))];
    }

    /// <summary>The next events of a stream that one listener missed; few at once, and for few listeners at once.</summary>
    public async Task<IReadOnlyList<Entry>> ReadMissed(string stream, StreamId after, CancellationToken ct)
    {
        await catchingUp.WaitAsync(ct);
        try
        {
            // Answers are larger by far.
            var read = await Read([(stream, after)], AreAnswers(stream) ? 20 : 200);
            return read.Count > 0 ? read[0].Entries : [];
        }
        finally
        {
            catchingUp.Release();
        }
    }

    /// <summary>The present epoch; none before there is one.</summary>
    public async Task<long?> Epoch() => (long?)await redis.GetDatabase().HashGetAsync(Heads, "epoch").WaitAsync(Patience);

    /// <summary>Where a stream ends.</summary>
    public async Task<StreamId> End(string stream) => IdOf(await FindEnd.Run(redis, 2, Heads, stream).WaitAsync(Patience));

    /// <summary>Calls back when a stream grew, naming it, and when the connection is back after it was lost, naming none. A hint: it may fail to come.</summary>
    public async Task Watch(Action<string?> grew)
    {
        redis.ConnectionRestored += (_, _) => grew(null);
        await redis.GetSubscriber().SubscribeAsync(Channel, (_, stream) => grew(stream)).WaitAsync(Patience);
    }

    public void Dispose() => catchingUp.Dispose();

    private static StreamId IdOf(RedisResult answer)
    {
        var parts = (RedisResult[])answer;
        return new(long.Parse((string)parts[0], CultureInfo.InvariantCulture), long.Parse((string)parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>An event where it stands in a stream.</summary>
    internal sealed record Entry(StreamId Id, LiveEvent Event)
    {
        internal static Entry Of(RedisResult entry)
        {
            var parts = (RedisResult[])entry;
            var fields = (RedisResult[])parts[1];
            string? name = null, resource = null;
            byte[]? data = null;
            var callers = Callers.None;
            Guid? person = null;
            for (var i = 0; i < fields.Length; i += 2)
                switch ((string)fields[i])
                {
                    case "event": name = (string)fields[i + 1]; break;
                    case "resource": resource = (string)fields[i + 1]; break;
                    case "callers": callers = (Callers)int.Parse((string)fields[i + 1], CultureInfo.InvariantCulture); break;
                    case "person": person = Guid.TryParseExact((string)fields[i + 1], "N", out var id) ? id : null; break;
                    case "data": data = (byte[])fields[i + 1]; break;
                }
            return new(StreamId.Parse((string)parts[0]), new LiveEvent(name!, resource!, new Audience(callers, person), data));
        }
    }
}
