using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd.LiveEvents;

/// <summary>Tests the tool responses that Redis stores for reconnecting subscribers: limited per user and per hospital.</summary>
public sealed class StoredToolResponseTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Guid _hospital = Guid.CreateVersion7();

    [Fact]
    public async Task A_user_with_many_responses_evicts_only_their_own_oldest_first()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, greedy, modest) = (new LiveEventStore(redis), Guid.CreateVersion7(), Guid.CreateVersion7());
        await streams.GetEndAsync(LiveEventStore.ToolResponseStream(_hospital));
        await streams.AppendToolResponseAsync(_hospital, Answer(modest, 0, 100));

        for (var i = 1; i <= 50; i++) await streams.AppendToolResponseAsync(_hospital, Answer(greedy, i, 100_000));

        var kept = await Kept(streams);
        Assert.Equal([0], Numbers(kept, modest));
        Assert.Equal([46, 47, 48, 49, 50], Numbers(kept, greedy));
        Assert.InRange(kept.Where(e => e.Event.Audience.UserId == greedy).Sum(e => e.Event.Data.Length), 1, LiveEventStore.MaxToolResponseBytesPerUser);
        Assert.Equal(kept.Sum(e => e.Event.Data.Length), await Counted(redis, "all"));
        Assert.Equal(kept.Where(e => e.Event.Audience.UserId == greedy).Sum(e => e.Event.Data.Length), await Counted(redis, greedy.ToString("N")));
    }

    [Fact]
    public async Task A_hospitals_responses_are_bounded_in_bytes_and_the_latest_are_kept()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, people) = (new LiveEventStore(redis), Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToArray());
        await streams.GetEndAsync(LiveEventStore.ToolResponseStream(_hospital));

        for (var i = 0; i < 100; i++) await streams.AppendToolResponseAsync(_hospital, Answer(people[i % people.Length], i, 100_000));

        var kept = await Kept(streams);
        Assert.InRange(kept.Sum(e => e.Event.Data.Length), LiveEventStore.MaxToolResponseBytes - 200_000, LiveEventStore.MaxToolResponseBytes);
        Assert.Equal(Enumerable.Range(100 - kept.Count, kept.Count), kept.Select(NumberOf));
        foreach (var person in people)
            Assert.Equal(kept.Where(e => e.Event.Audience.UserId == person).Sum(e => e.Event.Data.Length), await Counted(redis, person.ToString("N")));
    }

    [Fact]
    public async Task Responses_stored_by_an_earlier_version_are_evicted_first_with_all_their_keys()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, person, db) = (new LiveEventStore(redis), Guid.CreateVersion7(), redis.GetDatabase());
        var stream = LiveEventStore.ToolResponseStream(_hospital);
        await streams.GetEndAsync(stream);
        await db.ExecuteAsync("XADD", stream, "1-1", "event", "tool_response", "resource", "", "callers", "0", "person", person.ToString("N"),
            "data", new string('x', 1000));

        await streams.AppendToolResponseAsync(_hospital, Answer(person, 1, 1000));

        Assert.Equal([1], (await Kept(streams)).Select(NumberOf));
        foreach (var key in (string[])[stream, $"{stream}:bytes", $"{stream}:of:{person:N}"])
            Assert.InRange((await db.KeyTimeToLiveAsync(key))!.Value.TotalMinutes, 14, 15);
    }

    [Fact]
    public async Task A_response_is_stored_with_its_tool_which_one_of_an_earlier_version_lacks()
    {
        using var redis = await MedCorFixture.ConnectRedis();
        var (streams, person) = (new LiveEventStore(redis), Guid.CreateVersion7());
        var stream = LiveEventStore.ToolResponseStream(_hospital);
        await streams.GetEndAsync(stream);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await redis.GetDatabase().ExecuteAsync("XADD", stream, "1-1", "at", $"{now}", "event", "tool_response", "resource", "", "callers", "0",
            "person", person.ToString("N"), "data", "{}");
        await streams.AppendToolResponseAsync(_hospital, LiveEvent.ForToolResponse(person, "list_patients", "{}"u8, "1", Now));

        Assert.Equal([Scope.Unknown, ToolCatalogue.All["list_patients"].Scope], (await Kept(streams)).Select(e => e.Event.Scope!));
    }

    private static LiveEvent Answer(Guid person, int number, int size) =>
        LiveEvent.ForToolResponse(person, "a_tool", System.Text.Encoding.UTF8.GetBytes($"\"{new string('x', size)}\""), $"{number}", Now);

    private async Task<IReadOnlyList<LiveEventStore.StoredEvent>> Kept(LiveEventStore streams) =>
        (await streams.ReadAsync([(LiveEventStore.ToolResponseStream(_hospital), default)], 1000))[0].Entries;

    private static int NumberOf(LiveEventStore.StoredEvent entry) =>
        int.Parse((string)System.Text.Json.Nodes.JsonNode.Parse(entry.Event.Data.Span)!["request_id"]!, System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<int> Numbers(IEnumerable<LiveEventStore.StoredEvent> kept, Guid person) =>
        kept.Where(e => e.Event.Audience.UserId == person).Select(NumberOf);

    private async Task<int> Counted(ConnectionMultiplexer redis, string whose) =>
        (int)await redis.GetDatabase().HashGetAsync($"{LiveEventStore.ToolResponseStream(_hospital)}:bytes", whose);
}
