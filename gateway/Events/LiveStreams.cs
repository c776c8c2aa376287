using System.Globalization;
using MedCor.Contracts;
using StackExchange.Redis;

namespace MedCor.Gateway.Events;

/// <summary>
/// The streams in Redis that all gateways write and read: one per hospital, one for what concerns no hospital and so everybody, and one
/// of everything for the platform's administrators. Each keeps the last 24 hours or about 10,000 events.
/// </summary>
internal sealed class LiveStreams(IConnectionMultiplexer redis)
{
    /// <summary>Events that concern no hospital.</summary>
    public const string Platform = "medcor:live:platform";

    /// <summary>All events of all hospitals.</summary>
    public const string All = "medcor:live:all";

    private const string Channel = "medcor:live";
    private const int Kept = 10_000;
    private const int KeptSeconds = 24 * 60 * 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Marks the event as seen only after it is written: a script that stops in the middle may be repeated.</summary>
    private const string Write = """
        if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        for i = 4, #ARGV, 6 do
          for s = 2, 3 do
            redis.call('XADD', KEYS[s], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[i], 'resource', ARGV[i+1],
              'callers', ARGV[i+2], 'person', ARGV[i+3], 'key', ARGV[i+4], 'data', ARGV[i+5])
            redis.call('EXPIRE', KEYS[s], ARGV[1])
          end
        end
        redis.call('SET', KEYS[1], '', 'EX', ARGV[1])
        redis.call('PUBLISH', ARGV[3], KEYS[2])
        return 1
        """;

    /// <summary>The stream of a hospital's events.</summary>
    public static string Of(Guid hospital) => $"medcor:live:hospital:{hospital:N}";

    /// <summary>Adds what a change looks like to listeners, once, however often it is called for the same event. Throws while Redis is away.</summary>
    public Task Append(IntegrationEvent happened, IReadOnlyList<LiveEvent> events)
    {
        var arguments = new List<object>
        {
            Write, 3, $"medcor:live:seen:{happened.EventId:N}", happened.HospitalId is { } hospital ? Of(hospital) : Platform, All, KeptSeconds, Kept, Channel,
        };
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            arguments.AddRange([e.Name, e.Resource, (int)e.Audience.Callers, e.Audience.Person?.ToString("N") ?? "", $"{happened.EventId:N}:{i}", e.Data.ToArray()]);
        }
        return redis.GetDatabase().ExecuteAsync("EVAL", [.. arguments]).WaitAsync(Patience);
    }

    /// <summary>What each stream has after a place, at most <paramref name="most"/> each, in order. Streams without anything new are left out.</summary>
    public async Task<IReadOnlyList<(string Stream, IReadOnlyList<Entry> Entries)>> Read(IReadOnlyList<(string Stream, StreamId After)> from, int most)
    {
        List<object> arguments = ["COUNT", most, "STREAMS", .. from.Select(f => f.Stream), .. from.Select(f => f.After.ToString())];
        var answer = await redis.GetDatabase().ExecuteAsync("XREAD", [.. arguments]).WaitAsync(Patience);
        if (answer.IsNull) return [];
        return [.. ((RedisResult[])answer).Select(stream => (RedisResult[])stream).Select(stream =>
            ((string)stream[0], (IReadOnlyList<Entry>)[.. ((RedisResult[])stream[1]).Select(Entry.Of)]))];
    }

    /// <summary>Where a stream ends; none when it is empty.</summary>
    public async Task<StreamId?> End(string stream)
    {
        var answer = (RedisResult[])await redis.GetDatabase().ExecuteAsync("XREVRANGE", stream, "+", "-", "COUNT", 1).WaitAsync(Patience);
        return answer.Length == 0 ? null : StreamId.Parse((string)((RedisResult[])answer[0])[0]);
    }

    /// <summary>Calls back when a stream grew, naming it, and when the connection is back after it was lost, naming none. A hint: it may fail to come.</summary>
    public async Task Watch(Action<string?> grew)
    {
        redis.ConnectionRestored += (_, _) => grew(null);
        await redis.GetSubscriber().SubscribeAsync(Channel, (_, stream) => grew(stream)).WaitAsync(Patience);
    }

    /// <summary>An event where it stands in a stream.</summary>
    /// <param name="Key">Names the event wherever it stands: by it a second writing is known.</param>
    internal sealed record Entry(StreamId Id, string Key, LiveEvent Event)
    {
        internal static Entry Of(RedisResult entry)
        {
            var parts = (RedisResult[])entry;
            var fields = (RedisResult[])parts[1];
            string? name = null, resource = null, key = null;
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
                    case "key": key = (string)fields[i + 1]; break;
                    case "data": data = (byte[])fields[i + 1]; break;
                }
            return new(StreamId.Parse((string)parts[0]), key!, new LiveEvent(name!, resource!, new Audience(callers, person), data));
        }
    }
}
