using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.ServiceDefaults.Access;
using MedCor.Tests.EndToEnd;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using Listener = MedCor.Gateway.Events.Listener;

namespace MedCor.Tests.Gateway.Events;

/// <summary>What a listener hears of the streams, from now on or from where they were, at any replica and through the loss of Redis.</summary>
public sealed class SeatTests
{
    /// <summary>One for all: the house's Redis has few databases.</summary>
    private static readonly Lazy<Task<ConnectionMultiplexer>> Redis = new(RunningHouse.Redis);

    private readonly Guid hospital = Guid.CreateVersion7();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(1500)]
    public async Task Who_comes_back_hears_what_they_missed_once_and_in_order_and_then_what_happens(int missed)
    {
        var redis = await Redis.Value;
        await using Replica one = await Replica.On(redis), other = await Replica.On(redis);
        string place;
        await using (var before = await one.Listen(hospital))
        {
            await one.Happen(hospital, 1, 5);
            place = await before.Until(5);
        }
        await one.Happen(hospital, 6, missed);

        await using var again = await other.Listen(hospital, place);
        await one.Happen(hospital, 6 + missed, 3);

        await again.Until(8 + missed);
        Assert.Equal(Enumerable.Range(6, missed + 3), again.Numbers);
        Assert.Equal(0, again.Reloads);
    }

    [Fact]
    public async Task Who_changes_the_replica_every_few_events_hears_all_of_them_once()
    {
        const int Events = 2000;
        var redis = await Redis.Value;
        await using Replica one = await Replica.On(redis), other = await Replica.On(redis);
        var (heard, place, turn) = (new List<int>(), (string?)null, 0);
        var first = await one.Listen(hospital);
        place = first.Place;
        await first.DisposeAsync();

        var happening = one.Happen(hospital, 1, Events);
        while (heard.Count == 0 || heard[^1] < Events)
        {
            await using var ears = await (turn++ % 2 == 0 ? one : other).Listen(hospital, place);
            place = await ears.Until(Math.Min(Events, (heard.Count == 0 ? 0 : heard[^1]) + 1 + (turn % 9)));
            heard.AddRange(ears.Taken);
        }
        await happening;

        Assert.Equal(Enumerable.Range(1, Events), heard);
    }

    [Fact]
    public async Task What_is_for_others_moves_the_place_on_so_that_it_does_not_grow_old()
    {
        var redis = await Redis.Value;
        await using var replica = await Replica.On(redis);
        await using var patient = await replica.Listen(hospital, role: Role.Patient);
        var before = patient.Place;

        await replica.Happen(hospital, 1, 20);
        await Wait.Until(() => Task.FromResult(patient.Mark() != before), "the place has moved on");

        Assert.Empty(patient.Numbers);
        await using var again = await replica.Listen(hospital, patient.Place, Role.Patient);
        Assert.Equal(0, again.Reloads);
    }

    [Fact]
    public async Task Who_was_away_for_longer_than_events_are_kept_is_told_to_load_anew_and_hears_what_is_left()
    {
        var redis = await Redis.Value;
        await using var replica = await Replica.On(redis);
        await using var before = await replica.Listen(hospital);
        var place = before.Place;
        await replica.Happen(hospital, 1, 10_300);

        await using var again = await replica.Listen(hospital, place);

        await again.Until(10_300);
        Assert.Equal(1, again.Reloads);
        Assert.True(again.Numbers[0] > 1 && again.Numbers.Count >= 10_000);
        Assert.Equal(Enumerable.Range(again.Numbers[0], again.Numbers.Count), again.Numbers);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1500)]
    public async Task Who_goes_on_from_before_they_logged_in_is_told_to_load_anew_and_hears_what_happened_since(int before)
    {
        var redis = await Redis.Value;
        await using Replica one = await Replica.On(redis), other = await Replica.On(redis);
        string place;
        await using (var ears = await one.Listen(hospital)) place = ears.Place;
        await one.Happen(hospital, 1, before);
        var loggedInAt = await After(redis);
        await one.Happen(hospital, before + 1, 3);

        foreach (var replica in (Replica[])[one, other])
        {
            await using var again = await replica.Listen(hospital, place, loggedInAt: loggedInAt);
            await again.Until(before + 3);
            Assert.Equal(["reload", .. Enumerable.Range(before + 1, 3).Select(n => $"{n}")], again.All);
        }
    }

    [Fact]
    public async Task What_an_earlier_version_wrote_is_handed_to_nobody_and_told_of_as_lost()
    {
        var redis = await Redis.Value;
        await using var replica = await Replica.On(redis);
        await using var ears = await replica.Listen(hospital);
        var place = ears.Place;
        await replica.Happen(hospital, 1, 1);
        var after = (await ears.Until(1)).Split('.')[0].Split('-');
        await Earlier(2);
        await replica.Happen(hospital, 3, 1);
        await ears.Until(3);
        // Who loaded anew by now knows nothing of what comes after.
        foreach (var (number, reloads) in ((int, int)[])[(4, 2), (5, 3)])
        {
            await Earlier(number);
            await Wait.Until(() => Task.FromResult(ears.Reloads == reloads), "what came later is told of, too");
        }
        await replica.Happen(hospital, 6, 1);
        await ears.Until(6);

        await using var again = await replica.Listen(hospital, place);
        await again.Until(6);

        Assert.Equal(["1", "reload", "3", "reload", "reload", "6"], ears.All);
        Assert.Equal(["1", "reload", "3", "6"], again.All);

        async Task Earlier(int number)
        {
            var db = redis.GetDatabase();
            await db.HashIncrementAsync("medcor:live:heads", LiveStreams.Of(hospital));
            await db.ExecuteAsync("XADD", LiveStreams.Of(hospital), $"{after[0]}-{int.Parse(after[1], System.Globalization.CultureInfo.InvariantCulture) + number - 1}",
                "event", "resource_update", "resource", "patients", "callers", $"{(int)Callers.Staff}", "person", "", "data", """{"type":"resource_update","data":{"number":2}}""");
        }
    }

    /// <summary>A moment of Redis' clock behind all that was written.</summary>
    private static async Task<DateTimeOffset> After(ConnectionMultiplexer redis)
    {
        var wrote = await Time();
        await Wait.Until(async () => await Time() - wrote >= 2, "Redis' clock has moved on");
        return DateTimeOffset.FromUnixTimeMilliseconds(await Time());

        async Task<long> Time()
        {
            var parts = (RedisResult[])(await redis.GetDatabase().ExecuteAsync("TIME"))!;
            return (long)parts[0] * 1000 + (long)parts[1] / 1000;
        }
    }

    [Theory]
    [InlineData("99999999999999-1.99999999999999-1.99999999999999-1")]
    [InlineData("1-1")]
    [InlineData("1-1.1-1")]
    public async Task A_place_that_never_was_is_answered_with_the_advice_to_load_anew(string place)
    {
        var redis = await Redis.Value;
        await using var replica = await Replica.On(redis);

        await using var ears = await replica.Listen(hospital, place);
        await replica.Happen(hospital, 1, 2);

        await ears.Until(2);
        Assert.Equal(1, ears.Reloads);
        Assert.Equal([1, 2], ears.Numbers);
    }

    [Fact]
    public async Task Redis_that_comes_back_with_nothing_is_told_of_to_who_listens_and_to_who_comes_back()
    {
        await using var server = new OwnRedis();
        using var redis = await server.Start();
        await using var replica = await Replica.On(redis);
        await using var ears = await replica.Listen(hospital);
        await replica.Happen(hospital, 1, 5);
        var place = await ears.Until(5);

        await server.Kill();
        using var anew = await server.Start();
        await Happens(replica, hospital, 6, 2);
        await ears.Until(7);
        await using var again = await replica.Listen(hospital, place);
        await again.Until(7);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7], ears.Numbers);
        Assert.Equal([6, 7], again.Numbers);
        Assert.True(ears.Reloads > 0 && again.Reloads > 0, $"{ears.Reloads}, {again.Reloads}");
    }

    [Fact]
    public async Task Redis_that_comes_back_without_its_last_events_is_told_of_where_they_were()
    {
        await using var server = new OwnRedis(keeps: true);
        using var redis = await server.Start();
        await using var replica = await Replica.On(redis);
        await using var ears = await replica.Listen(hospital);
        await replica.Happen(hospital, 1, 5);
        var place = await ears.Until(5);
        await replica.Happen(hospital, 6, 5);
        await ears.Until(10);
        var kept = server.Kept();
        await replica.Happen(hospital, 11, 5);
        await ears.Until(15);

        await server.Kill();
        server.Forget(kept);
        using var anew = await server.Start();
        await Happens(replica, hospital, 16, 2);
        // A replica that has not heard what was lost.
        await using var other = await Replica.On(anew);
        await using var again = await other.Listen(hospital, place);
        await again.Until(17);
        await ears.Until(17);

        Assert.Equal(Enumerable.Range(1, 17), ears.Numbers);
        Assert.Equal([.. "6 7 8 9 10 reload 16 17".Split(' ')], again.All);
        Assert.True(ears.Reloads > 0);
    }

    [Fact]
    public async Task Redis_that_comes_back_with_everything_is_not_told_of()
    {
        await using var server = new OwnRedis(keeps: true);
        using var redis = await server.Start();
        await using var replica = await Replica.On(redis);
        await using var ears = await replica.Listen(hospital);
        await replica.Happen(hospital, 1, 5);
        var place = await ears.Until(5);

        await server.Kill();
        using var anew = await server.Start();
        await Happens(replica, hospital, 6, 2);
        await ears.Until(7);
        await using var again = await replica.Listen(hospital, place);
        await again.Until(7);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7], ears.Numbers);
        Assert.Equal([6, 7], again.Numbers);
        Assert.Equal((0, 0), (ears.Reloads, again.Reloads));
    }

    [Fact]
    public async Task Where_nothing_happens_any_more_the_loss_is_told_of_as_soon_as_it_shows_elsewhere()
    {
        await using var server = new OwnRedis();
        using var redis = await server.Start();
        await using var replica = await Replica.On(redis);
        await using var ears = await replica.Listen(hospital);

        await server.Kill();
        using var anew = await server.Start();
        await Happens(replica, Guid.CreateVersion7(), 1, 1);

        await Wait.Until(() => Task.FromResult(ears.Reloads > 0), "the loss is told of");
    }

    [Fact]
    public async Task An_event_that_is_given_up_is_told_of_with_the_next()
    {
        await using var server = new OwnRedis(keeps: true);
        using var redis = await server.Start();
        await using var replica = await Replica.On(redis);
        await using var ears = await replica.Listen(hospital);
        await replica.Happen(hospital, 1, 2);
        await ears.Until(2);

        await server.Kill();
        await Assert.ThrowsAnyAsync<Exception>(() => new Noted(hospital, 3).Tell(replica.Streams));
        using var anew = await server.Start();
        await Happens(replica, hospital, 4, 1);

        await ears.Until(4);
        Assert.Equal(["1", "2", "reload", "4"], ears.All);
    }

    [Fact]
    public async Task Whoever_writes_an_event_again_writes_nothing()
    {
        var redis = await Redis.Value;
        await using var replica = await Replica.On(redis);
        await using var ears = await replica.Listen(hospital);
        var noted = new Noted(hospital, 1);

        await noted.Tell(replica.Streams);
        await noted.Tell(replica.Streams);
        await replica.Happen(hospital, 2, 1);

        await ears.Until(2);
        Assert.Equal([1, 2], ears.Numbers);
    }

    /// <summary>Something happens, and is told until Redis takes it, as from the bus.</summary>
    private static async Task Happens(Replica replica, Guid hospital, int from, int count)
    {
        foreach (var noted in Enumerable.Range(from, count).Select(i => new Noted(hospital, i)).ToArray())
            await Wait.Until(async () =>
            {
                try
                {
                    await noted.Tell(replica.Streams);
                    return true;
                }
                catch (Exception e) when (e is RedisException or TimeoutException)
                {
                    return false;
                }
            }, "Redis takes events", TimeSpan.FromSeconds(60));
    }

    /// <summary>What a gateway has for its listeners.</summary>
    private sealed class Replica : IAsyncDisposable
    {
        private readonly Tailer tailer;

        private Replica(LiveStreams streams) => (Streams, tailer) = (streams, new Tailer(streams, TimeProvider.System, NullLogger<Tailer>.Instance));

        public LiveStreams Streams { get; }

        public static async Task<Replica> On(IConnectionMultiplexer redis)
        {
            var replica = new Replica(new LiveStreams(redis));
            await replica.tailer.StartAsync(CancellationToken.None);
            return replica;
        }

        public async Task Happen(Guid hospital, int from, int count)
        {
            for (var i = from; i < from + count; i++) await new Noted(hospital, i).Tell(Streams);
        }

        /// <param name="loggedInAt">Before anything happened, unless given.</param>
        public async Task<Ears> Listen(Guid hospital, string? after = null, Role role = Role.Nurse, DateTimeOffset? loggedInAt = null)
        {
            var caller = new Caller(Guid.CreateVersion7(), "a@b.example", role, hospital, Guid.CreateVersion7(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1)) { LoggedInAt = loggedInAt ?? DateTimeOffset.UnixEpoch };
            var listener = new Listener(caller, "token", hearsAnswers: true);
            Place? place = null;
            Assert.True(after is null || MedCor.Gateway.Events.Place.TryParse(after, out place));
            return new(listener, await tailer.Seat(listener, place));
        }

        public async ValueTask DisposeAsync()
        {
            await tailer.StopAsync(CancellationToken.None);
            tailer.Dispose();
        }
    }

    /// <summary>A listener, and what they heard.</summary>
    private sealed class Ears : IAsyncDisposable
    {
        private readonly Listener listener;
        private readonly Seat seat;
        private readonly Lock turn = new();
        private readonly List<(string What, string Place)> heard = [];
        private readonly Task listening;
        private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string place;

        public Ears(Listener listener, Seat seat)
        {
            (this.listener, this.seat) = (listener, seat);
            place = Id();
            listening = Listen();
        }

        public string Place
        {
            get
            {
                lock (turn) return place;
            }
        }

        /// <summary>Numbers of events, and <c>reload</c>, in order.</summary>
        public IReadOnlyList<string> All
        {
            get
            {
                lock (turn) return [.. heard.Select(h => h.What)];
            }
        }

        public List<int> Numbers => [.. All.Where(h => h != "reload").Select(int.Parse)];

        public int Reloads => All.Count(h => h == "reload");

        /// <summary>The numbers up to the one that was waited for: what comes after it, a client that was cut off has not seen.</summary>
        public IReadOnlyList<int> Taken { get; private set; } = [];

        /// <summary>Waits for an event, and tells the place that is reached with it.</summary>
        public async Task<string> Until(int number)
        {
            while (true)
            {
                Task next;
                lock (turn)
                {
                    var at = heard.FindIndex(h => h.What == number.ToString(System.Globalization.CultureInfo.InvariantCulture));
                    if (at >= 0)
                    {
                        Taken = [.. heard.Take(at + 1).Where(h => h.What != "reload").Select(h => int.Parse(h.What, System.Globalization.CultureInfo.InvariantCulture))];
                        return heard[at].Place;
                    }
                    next = more.Task;
                }
                await Task.WhenAny(next, listening).WaitAsync(TimeSpan.FromSeconds(60));
                if (listening.IsCompleted) await listening;
            }
        }

        /// <summary>Has the place moved on as a heartbeat does.</summary>
        public string Mark()
        {
            seat.Mark();
            return Place;
        }

        private async Task Listen()
        {
            try
            {
                await foreach (var h in seat.Events(listener.Ended))
                    lock (turn)
                    {
                        seat.Place.Reach(h);
                        place = Id();
                        if (h.Event is not { } e) continue;
                        var data = JsonNode.Parse(e.Data.Span)!;
                        heard.Add((e.Name == "error_event" ? "reload" : data["data"]!["number"]!.ToString(), place));
                        more.SetResult();
                        more = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    }
            }
            catch (OperationCanceledException)
            {
                // Left.
            }
        }

        private string Id()
        {
            Span<byte> id = stackalloc byte[MedCor.Gateway.Events.Place.Longest];
            return Encoding.ASCII.GetString(id[..seat.Place.WriteTo(id)]);
        }

        public async ValueTask DisposeAsync()
        {
            listener.Dispose();
            await listening;
            seat.Dispose();
        }
    }
}
