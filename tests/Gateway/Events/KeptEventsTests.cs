using MedCor.Gateway.Events;
using MedCor.Tests.EndToEnd;
using StackExchange.Redis;

namespace MedCor.Tests.Gateway.Events;

/// <summary>What Redis keeps of events for who comes back: bounded in number and in bytes, for each hospital and for all together.</summary>
public sealed class KeptEventsTests
{
    private const int Large = 100_000;
    private readonly Guid hospital = Guid.CreateVersion7();

    [Fact]
    public async Task Of_a_hospital_s_events_so_many_bytes_are_kept_the_latest_of_them()
    {
        using var redis = await RunningHouse.Redis();
        var streams = new LiveStreams(redis);

        for (var i = 0; i < 100; i++) await Tell(streams, hospital, i, Large);

        var kept = await Kept(streams, LiveStreams.Of(hospital));
        Assert.InRange(kept.Sum(e => e.Event.Data.Length), LiveStreams.KeptBytes - 2 * Large, LiveStreams.KeptBytes);
        Assert.Equal(Enumerable.Range(100 - kept.Count, kept.Count), kept.Select(NumberOf));
        Assert.Equal(kept.Sum(e => e.Event.Data.Length), await Counted(redis, LiveStreams.Of(hospital)));
        Assert.Equal(100, (await Kept(streams, LiveStreams.All)).Count);
    }

    [Fact]
    public async Task A_hospital_of_large_events_takes_no_room_from_another_but_of_what_administrators_of_all_may_read_again()
    {
        using var redis = await RunningHouse.Redis();
        var (streams, other) = (new LiveStreams(redis), Guid.CreateVersion7());
        await Tell(streams, other, 0, 100);

        for (var i = 1; i <= 400; i++) await Tell(streams, hospital, i, Large);

        Assert.Equal([0], (await Kept(streams, LiveStreams.Of(other))).Select(NumberOf));
        var all = await Kept(streams, LiveStreams.All);
        Assert.InRange(all.Sum(e => e.Event.Data.Length), LiveStreams.KeptBytesOfAll - 2 * Large, LiveStreams.KeptBytesOfAll);
        Assert.Equal(400, NumberOf(all[^1]));
    }

    [Fact]
    public async Task What_an_earlier_version_kept_was_never_counted_and_goes_first()
    {
        using var redis = await RunningHouse.Redis();
        var (streams, db, stream) = (new LiveStreams(redis), redis.GetDatabase(), LiveStreams.Of(hospital));
        for (var i = 0; i < LiveStreams.Kept; i++) _ = db.ExecuteAsync("XADD", stream, $"1-{i + 1}", "event", "resource_update", "resource", "", "callers", "0", "person", "", "data", "0");
        await db.PingAsync();

        for (var i = 1; i <= 3; i++) await Tell(streams, hospital, i, 1000);

        var kept = await Kept(streams, stream);
        Assert.Equal((LiveStreams.Kept, new StreamId(1, 4)), (kept.Count, kept[0].Id));
        Assert.Equal(kept.Where(e => e.At is not null).Sum(e => e.Event.Data.Length), await Counted(redis, stream));
    }

    [Fact]
    public async Task A_stream_that_has_expired_counts_anew()
    {
        using var redis = await RunningHouse.Redis();
        var (streams, stream) = (new LiveStreams(redis), LiveStreams.Of(hospital));
        await Tell(streams, hospital, 1, Large);
        await redis.GetDatabase().KeyDeleteAsync(stream);

        await Tell(streams, hospital, 2, 1000);

        Assert.Equal((await Kept(streams, stream)).Sum(e => e.Event.Data.Length), await Counted(redis, stream));
    }

    private static Task Tell(LiveStreams streams, Guid hospital, int number, int size) => new Noted(hospital, number, new string('x', size)).Tell(streams);

    /// <summary>All of a stream, in pages: what takes too long to be read is given up.</summary>
    private static async Task<IReadOnlyList<LiveStreams.Entry>> Kept(LiveStreams streams, string stream)
    {
        List<LiveStreams.Entry> kept = [];
        while (await streams.Read([(stream, kept.Count > 0 ? kept[^1].Id : default)], 50) is [var next]) kept.AddRange(next.Entries);
        return kept;
    }

    private static int NumberOf(LiveStreams.Entry entry) => (int)System.Text.Json.Nodes.JsonNode.Parse(entry.Event.Data.Span)!["data"]!["number"]!;

    private static async Task<int> Counted(ConnectionMultiplexer redis, string stream) => (int)await redis.GetDatabase().HashGetAsync("medcor:live:sizes", stream);
}
