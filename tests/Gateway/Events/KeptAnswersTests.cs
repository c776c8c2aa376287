using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.Tests.EndToEnd;
using StackExchange.Redis;

namespace MedCor.Tests.Gateway.Events;

/// <summary>What Redis keeps of answers for who comes back: bounded, for each and for all of a hospital.</summary>
public sealed class KeptAnswersTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly Guid hospital = Guid.CreateVersion7();

    [Fact]
    public async Task Who_has_much_answered_crowds_out_their_own_answers_alone_the_oldest_first()
    {
        using var redis = await RunningHouse.Redis();
        var (streams, greedy, modest) = (new LiveStreams(redis), Guid.CreateVersion7(), Guid.CreateVersion7());
        await streams.End(LiveStreams.Answers(hospital));
        await streams.AppendAnswer(hospital, Answer(modest, 0, 100));

        for (var i = 1; i <= 50; i++) await streams.AppendAnswer(hospital, Answer(greedy, i, 100_000));

        var kept = await Kept(streams);
        Assert.Equal([0], Numbers(kept, modest));
        Assert.Equal([46, 47, 48, 49, 50], Numbers(kept, greedy));
        Assert.InRange(kept.Where(e => e.Event.Audience.Person == greedy).Sum(e => e.Event.Data.Length), 1, LiveStreams.AnswersKeptBytesEach);
        Assert.Equal(kept.Sum(e => e.Event.Data.Length), await Counted(redis, "all"));
        Assert.Equal(kept.Where(e => e.Event.Audience.Person == greedy).Sum(e => e.Event.Data.Length), await Counted(redis, greedy.ToString("N")));
    }

    [Fact]
    public async Task All_of_a_hospital_together_are_kept_no_more_than_its_bytes_the_latest_of_them()
    {
        using var redis = await RunningHouse.Redis();
        var (streams, people) = (new LiveStreams(redis), Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToArray());
        await streams.End(LiveStreams.Answers(hospital));

        for (var i = 0; i < 100; i++) await streams.AppendAnswer(hospital, Answer(people[i % people.Length], i, 100_000));

        var kept = await Kept(streams);
        Assert.InRange(kept.Sum(e => e.Event.Data.Length), LiveStreams.AnswersKeptBytes - 200_000, LiveStreams.AnswersKeptBytes);
        Assert.Equal(Enumerable.Range(100 - kept.Count, kept.Count), kept.Select(NumberOf));
        foreach (var person in people) Assert.Equal(kept.Where(e => e.Event.Audience.Person == person).Sum(e => e.Event.Data.Length), await Counted(redis, person.ToString("N")));
    }

    [Fact]
    public async Task What_an_earlier_version_kept_goes_first_and_everything_beside_the_answers_goes_with_them()
    {
        using var redis = await RunningHouse.Redis();
        var (streams, person, db) = (new LiveStreams(redis), Guid.CreateVersion7(), redis.GetDatabase());
        var stream = LiveStreams.Answers(hospital);
        await streams.End(stream);
        await db.ExecuteAsync("XADD", stream, "1-1", "event", "tool_response", "resource", "", "callers", "0", "person", person.ToString("N"), "data", new string('x', 1000));

        await streams.AppendAnswer(hospital, Answer(person, 1, 1000));

        Assert.Equal([1], (await Kept(streams)).Select(NumberOf));
        foreach (var key in (string[])[stream, $"{stream}:bytes", $"{stream}:of:{person:N}"]) Assert.InRange((await db.KeyTimeToLiveAsync(key))!.Value.TotalMinutes, 14, 15);
    }

    private static LiveEvent Answer(Guid person, int number, int size) => LiveEvent.Response(person, "a_tool", System.Text.Encoding.UTF8.GetBytes($"\"{new string('x', size)}\""), $"{number}", Now);

    private async Task<IReadOnlyList<LiveStreams.Entry>> Kept(LiveStreams streams) => (await streams.Read([(LiveStreams.Answers(hospital), default)], 1000))[0].Entries;

    private static int NumberOf(LiveStreams.Entry entry) => int.Parse((string)System.Text.Json.Nodes.JsonNode.Parse(entry.Event.Data.Span)!["request_id"]!, System.Globalization.CultureInfo.InvariantCulture);

    private static IEnumerable<int> Numbers(IEnumerable<LiveStreams.Entry> kept, Guid person) => kept.Where(e => e.Event.Audience.Person == person).Select(NumberOf);

    private async Task<int> Counted(ConnectionMultiplexer redis, string whose) => (int)await redis.GetDatabase().HashGetAsync($"{LiveStreams.Answers(hospital)}:bytes", whose);
}
