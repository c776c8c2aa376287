using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.LiveEvents;

/// <summary>Tests the events that Redis stores for reconnecting subscribers: limited in number and in bytes, per hospital and in total.</summary>
public sealed class StoredEventTests
{
    private const int Large = 100_000;
    private readonly Guid _hospital = Guid.CreateVersion7();

    [Fact]
    public async Task A_hospitals_events_are_bounded_in_bytes_and_the_latest_are_kept()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var streams = new LiveEventStore(redis);

        for (var i = 0; i < 100; i++) await Tell(streams, _hospital, i, Large);

        var kept = await Kept(streams, LiveEventStore.HospitalStream(_hospital));
        Assert.InRange(kept.Sum(e => e.Event.Data.Length), LiveEventStore.MaxHospitalBytes - 2 * Large, LiveEventStore.MaxHospitalBytes);
        Assert.Equal(Enumerable.Range(100 - kept.Count, kept.Count), kept.Select(NumberOf));
        Assert.Equal(kept.Sum(e => e.Event.Data.Length), await Counted(redis, LiveEventStore.HospitalStream(_hospital)));
        Assert.Equal(100, (await Kept(streams, LiveEventStore.AllStream)).Count);
    }

    [Fact]
    public async Task A_hospital_of_large_events_takes_no_room_from_another_but_of_what_administrators_of_all_may_read_again()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, other) = (new LiveEventStore(redis), Guid.CreateVersion7());
        await Tell(streams, other, 0, 100);

        for (var i = 1; i <= 400; i++) await Tell(streams, _hospital, i, Large);

        Assert.Equal([0], (await Kept(streams, LiveEventStore.HospitalStream(other))).Select(NumberOf));
        var all = await Kept(streams, LiveEventStore.AllStream);
        Assert.InRange(all.Sum(e => e.Event.Data.Length), LiveEventStore.MaxTotalBytes - 2 * Large, LiveEventStore.MaxTotalBytes);
        Assert.Equal(400, NumberOf(all[^1]));
    }

    [Fact]
    public async Task Events_stored_uncounted_by_an_earlier_version_are_evicted_first()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, db, stream) = (new LiveEventStore(redis), redis.GetDatabase(), LiveEventStore.HospitalStream(_hospital));
        for (var i = 0; i < LiveEventStore.MaxEntries; i++)
            _ = db.ExecuteAsync("XADD", stream, $"1-{i + 1}", "event", "resource_update", "resource", "", "callers", "0", "person", "", "data", "0");
        await db.PingAsync();

        for (var i = 1; i <= 3; i++) await Tell(streams, _hospital, i, 1000);

        var kept = await Kept(streams, stream);
        Assert.Equal((LiveEventStore.MaxEntries, new StreamId(1, 4)), (kept.Count, kept[0].Id));
        Assert.Equal(kept.Where(e => e.At is not null).Sum(e => e.Event.Data.Length), await Counted(redis, stream));
    }

    [Fact]
    public async Task A_stream_that_has_expired_counts_anew()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, stream) = (new LiveEventStore(redis), LiveEventStore.HospitalStream(_hospital));
        await Tell(streams, _hospital, 1, Large);
        await redis.GetDatabase().KeyDeleteAsync(stream);

        await Tell(streams, _hospital, 2, 1000);

        Assert.Equal((await Kept(streams, stream)).Sum(e => e.Event.Data.Length), await Counted(redis, stream));
    }

    [Fact]
    public async Task An_event_for_several_users_is_stored_for_each_of_them()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, users) = (new LiveEventStore(redis), (Guid[])[Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()]);

        await streams.AppendAsync(new NumberedEvent(_hospital, 1, ""),
            [new(LiveEvent.ResourceUpdateEvent, "departments", new(Callers.HospitalAdmin, users[0], users[1..]), "{}"u8)]);

        var audience = Assert.Single(await Kept(streams, LiveEventStore.HospitalStream(_hospital))).Event.Audience;
        Assert.All(users, user => Assert.True(audience.Includes(Callers.Doctor, user)));
        Assert.True(audience.Includes(Callers.HospitalAdmin, Guid.NewGuid()));
        Assert.False(audience.Includes(Callers.Doctor, Guid.NewGuid()));
    }

    private static Task Tell(LiveEventStore streams, Guid hospital, int number, int size) =>
        new NumberedEvent(hospital, number, new string('x', size)).AppendTo(streams);

    /// <summary>Reads a whole stream in pages, because reading it at once would time out.</summary>
    private static async Task<IReadOnlyList<LiveEventStore.StoredEvent>> Kept(LiveEventStore streams, string stream)
    {
        List<LiveEventStore.StoredEvent> kept = [];
        while (await streams.ReadAsync([(stream, kept.Count > 0 ? kept[^1].Id : default)], 50) is [var next]) kept.AddRange(next.Entries);
        return kept;
    }

    private static int NumberOf(LiveEventStore.StoredEvent entry) => (int)System.Text.Json.Nodes.JsonNode.Parse(entry.Event.Data.Span)!["data"]!["number"]!;

    private static async Task<int> Counted(ConnectionMultiplexer redis, string stream) =>
        (int)await redis.GetDatabase().HashGetAsync("medcor:live:sizes", stream);
}
