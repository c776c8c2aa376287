using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.LiveEvents;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using EventSubscriber = MedCor.Gateway.LiveEvents.EventSubscriber;

namespace MedCor.Tests.EndToEnd.LiveEvents;

/// <summary>Tests what a subscriber receives, from now on or from a resume token, at any replica and through a loss of Redis.</summary>
public sealed class StreamSubscriptionTests
{
    /// <summary>One connection for all tests, because each connection takes one of a limited number of Redis databases.</summary>
    private static readonly Lazy<Task<ConnectionMultiplexer>> Redis = new(MedCorFixture.ConnectRedis);

    private readonly Guid _hospital = Guid.CreateVersion7();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(1500)]
    public async Task A_resumed_subscriber_receives_missed_events_once_in_order_and_then_live_ones(int missed)
    {
        var redis = await Redis.Value;
        await using GatewayReplica one = await GatewayReplica.Start(redis), other = await GatewayReplica.Start(redis);
        string place;
        await using (var before = await one.Subscribe(_hospital))
        {
            await one.Append(_hospital, 1, 5);
            place = await before.WaitFor(5);
        }
        await one.Append(_hospital, 6, missed);

        await using var again = await other.Subscribe(_hospital, place);
        await one.Append(_hospital, 6 + missed, 3);

        await again.WaitFor(8 + missed);
        Assert.Equal(Enumerable.Range(6, missed + 3), again.Numbers);
        Assert.Equal(0, again.Reloads);
    }

    [Fact]
    public async Task A_subscriber_that_switches_replicas_receives_every_event_once()
    {
        const int Events = 2000;
        var redis = await Redis.Value;
        await using GatewayReplica one = await GatewayReplica.Start(redis), other = await GatewayReplica.Start(redis);
        var (heard, place, turn) = (new List<int>(), (string?)null, 0);
        var first = await one.Subscribe(_hospital);
        place = first.Place;
        await first.DisposeAsync();

        var happening = one.Append(_hospital, 1, Events);
        while (heard.Count == 0 || heard[^1] < Events)
        {
            await using var ears = await (turn++ % 2 == 0 ? one : other).Subscribe(_hospital, place);
            place = await ears.WaitFor(Math.Min(Events, (heard.Count == 0 ? 0 : heard[^1]) + 1 + (turn % 9)));
            heard.AddRange(ears.NumbersUntilWaitedFor);
        }
        await happening;

        Assert.Equal(Enumerable.Range(1, Events), heard);
    }

    [Fact]
    public async Task Events_for_others_advance_the_resume_token()
    {
        var redis = await Redis.Value;
        await using var replica = await GatewayReplica.Start(redis);
        await using var patient = await replica.Subscribe(_hospital, role: Role.Patient);
        var before = patient.Place;

        await replica.Append(_hospital, 1, 20);
        await Wait.Until(() => Task.FromResult(patient.AdvanceByHeartbeat() != before), "the place has moved on");

        Assert.Empty(patient.Numbers);
        await using var again = await replica.Subscribe(_hospital, patient.Place, Role.Patient);
        Assert.Equal(0, again.Reloads);
    }

    [Fact]
    public async Task Resuming_after_the_retention_period_asks_for_a_reload_and_delivers_what_is_left()
    {
        var redis = await Redis.Value;
        await using var replica = await GatewayReplica.Start(redis);
        await using var before = await replica.Subscribe(_hospital);
        var place = before.Place;
        await replica.Append(_hospital, 1, 10_300);

        await using var again = await replica.Subscribe(_hospital, place);

        await again.WaitFor(10_300);
        Assert.Equal(1, again.Reloads);
        Assert.True(again.Numbers[0] > 1 && again.Numbers.Count >= 10_000);
        Assert.Equal(Enumerable.Range(again.Numbers[0], again.Numbers.Count), again.Numbers);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1500)]
    public async Task Resuming_from_before_the_log_in_asks_for_a_reload_and_delivers_events_since(int before)
    {
        var redis = await Redis.Value;
        await using GatewayReplica one = await GatewayReplica.Start(redis), other = await GatewayReplica.Start(redis);
        string place;
        await using (var ears = await one.Subscribe(_hospital)) place = ears.Place;
        await one.Append(_hospital, 1, before);
        var loggedInAt = await After(redis);
        await one.Append(_hospital, before + 1, 3);

        foreach (var replica in (GatewayReplica[])[one, other])
        {
            await using var again = await replica.Subscribe(_hospital, place, loggedInAt: loggedInAt);
            await again.WaitFor(before + 3);
            Assert.Equal(["reload", .. Enumerable.Range(before + 1, 3).Select(n => $"{n}")], again.All);
        }
    }

    [Fact]
    public async Task Events_written_by_an_earlier_version_are_not_delivered_and_reported_as_lost()
    {
        var redis = await Redis.Value;
        await using var replica = await GatewayReplica.Start(redis);
        await using var ears = await replica.Subscribe(_hospital);
        var place = ears.Place;
        await replica.Append(_hospital, 1, 1);
        var after = (await ears.WaitFor(1)).Split('.')[0].Split('-');
        await Earlier(2);
        await replica.Append(_hospital, 3, 1);
        await ears.WaitFor(3);
        // A client that has reloaded by now does not know of later losses, so each of them is reported.
        foreach (var (number, reloads) in ((int, int)[])[(4, 2), (5, 3)])
        {
            await Earlier(number);
            await Wait.Until(() => Task.FromResult(ears.Reloads == reloads), "what came later is told of, too");
        }
        await replica.Append(_hospital, 6, 1);
        await ears.WaitFor(6);

        await using var again = await replica.Subscribe(_hospital, place);
        await again.WaitFor(6);

        Assert.Equal(["1", "reload", "3", "reload", "reload", "6"], ears.All);
        Assert.Equal(["1", "reload", "3", "6"], again.All);

        async Task Earlier(int number)
        {
            var db = redis.GetDatabase();
            await db.HashIncrementAsync("medcor:live:heads", LiveEventStore.HospitalStream(_hospital));
            await db.ExecuteAsync("XADD", LiveEventStore.HospitalStream(_hospital),
                $"{after[0]}-{int.Parse(after[1], System.Globalization.CultureInfo.InvariantCulture) + number - 1}",
                "event", "resource_update", "resource", "patients", "callers", $"{(int)Callers.Staff}", "person", "", "data",
                """{"type":"resource_update","data":{"number":2}}""");
        }
    }

    /// <summary>Returns a time by Redis's clock that is after everything written so far.</summary>
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
    public async Task An_unknown_resume_token_asks_for_a_reload(string place)
    {
        var redis = await Redis.Value;
        await using var replica = await GatewayReplica.Start(redis);

        await using var ears = await replica.Subscribe(_hospital, place);
        await replica.Append(_hospital, 1, 2);

        await ears.WaitFor(2);
        Assert.Equal(1, ears.Reloads);
        Assert.Equal([1, 2], ears.Numbers);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restart_of_Redis_is_reported_to_connected_and_resuming_subscribers_if_it_lost_events(bool isLost)
    {
        await using var server = new RedisServer(keeps: !isLost);
        using var redis = await server.Start();
        await using var replica = await GatewayReplica.Start(redis);
        await using var ears = await replica.Subscribe(_hospital);
        await replica.Append(_hospital, 1, 5);
        var place = await ears.WaitFor(5);

        await server.Kill();
        using var anew = await server.Start();
        await Happens(replica, _hospital, 6, 2);
        await ears.WaitFor(7);
        await using var again = await replica.Subscribe(_hospital, place);
        await again.WaitFor(7);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7], ears.Numbers);
        Assert.Equal([6, 7], again.Numbers);
        Assert.Equal((isLost, isLost), (ears.Reloads > 0, again.Reloads > 0));
    }

    [Fact]
    public async Task Events_lost_by_Redis_are_reported_at_their_position()
    {
        await using var server = new RedisServer(keeps: true);
        using var redis = await server.Start();
        await using var replica = await GatewayReplica.Start(redis);
        await using var ears = await replica.Subscribe(_hospital);
        await replica.Append(_hospital, 1, 5);
        var place = await ears.WaitFor(5);
        await replica.Append(_hospital, 6, 5);
        await ears.WaitFor(10);
        var kept = server.ReadDataFiles();
        await replica.Append(_hospital, 11, 5);
        await ears.WaitFor(15);

        await server.Kill();
        server.RestoreDataFiles(kept);
        using var anew = await server.Start();
        await Happens(replica, _hospital, 16, 2);
        // A replica that had not received the lost events.
        await using var other = await GatewayReplica.Start(anew);
        await using var again = await other.Subscribe(_hospital, place);
        await again.WaitFor(17);
        await ears.WaitFor(17);

        Assert.Equal(Enumerable.Range(1, 17), ears.Numbers);
        Assert.Equal([.. "6 7 8 9 10 reload 16 17".Split(' ')], again.All);
        Assert.True(ears.Reloads > 0);
    }

    [Fact]
    public async Task On_an_idle_stream_a_loss_is_reported_once_another_stream_reveals_it()
    {
        await using var server = new RedisServer();
        using var redis = await server.Start();
        await using var replica = await GatewayReplica.Start(redis);
        await using var ears = await replica.Subscribe(_hospital);

        await server.Kill();
        using var anew = await server.Start();
        await Happens(replica, Guid.CreateVersion7(), 1, 1);

        await Wait.Until(() => Task.FromResult(ears.Reloads > 0), "the loss is told of");
    }

    [Fact]
    public async Task A_dropped_event_is_reported_with_the_next_one()
    {
        await using var server = new RedisServer(keeps: true);
        using var redis = await server.Start();
        await using var replica = await GatewayReplica.Start(redis);
        await using var ears = await replica.Subscribe(_hospital);
        await replica.Append(_hospital, 1, 2);
        await ears.WaitFor(2);

        await server.Kill();
        await Assert.ThrowsAnyAsync<Exception>(() => new NumberedEvent(_hospital, 3).AppendTo(replica.Streams));
        using var anew = await server.Start();
        await Happens(replica, _hospital, 4, 1);

        await ears.WaitFor(4);
        Assert.Equal(["1", "2", "reload", "4"], ears.All);
    }

    [Fact]
    public async Task Appending_an_event_twice_stores_it_once()
    {
        var redis = await Redis.Value;
        await using var replica = await GatewayReplica.Start(redis);
        await using var ears = await replica.Subscribe(_hospital);
        var noted = new NumberedEvent(_hospital, 1);

        await noted.AppendTo(replica.Streams);
        await noted.AppendTo(replica.Streams);
        await replica.Append(_hospital, 2, 1);

        await ears.WaitFor(2);
        Assert.Equal([1, 2], ears.Numbers);
    }

    /// <summary>Appends events and retries until Redis accepts them, as deliveries from the bus are retried.</summary>
    private static async Task Happens(GatewayReplica replica, Guid hospital, int from, int count)
    {
        foreach (var noted in Enumerable.Range(from, count).Select(i => new NumberedEvent(hospital, i)).ToArray())
            await Wait.Until(async () =>
            {
                try
                {
                    await noted.AppendTo(replica.Streams);
                    return true;
                }
                catch (Exception e) when (e is RedisException or TimeoutException)
                {
                    return false;
                }
            }, "Redis takes events", TimeSpan.FromSeconds(60));
    }

    /// <summary>Represents the part of a gateway replica that delivers events.</summary>
    private sealed class GatewayReplica : IAsyncDisposable
    {
        private readonly LiveEventReader _tailer;

        private GatewayReplica(LiveEventStore streams) =>
            (Streams, _tailer) = (streams, new LiveEventReader(streams, TimeProvider.System, NullLogger<LiveEventReader>.Instance));

        public LiveEventStore Streams { get; }

        public static async Task<GatewayReplica> Start(IConnectionMultiplexer redis)
        {
            var replica = new GatewayReplica(new LiveEventStore(redis));
            await replica._tailer.StartAsync(CancellationToken.None);
            return replica;
        }

        public async Task Append(Guid hospital, int from, int count)
        {
            for (var i = from; i < from + count; i++) await new NumberedEvent(hospital, i).AppendTo(Streams);
        }

        /// <param name="loggedInAt">The time of the login; by default before all events.</param>
        public async Task<RecordingSubscriber> Subscribe(Guid hospital, string? after = null, Role role = Role.Nurse, DateTimeOffset? loggedInAt = null)
        {
            var now = DateTimeOffset.UtcNow;
            var caller = new Caller(Guid.CreateVersion7(), "a@b.example", role, hospital, Guid.CreateVersion7(), now, now.AddHours(1))
            {
                LoggedInAt = loggedInAt ?? DateTimeOffset.UnixEpoch,
            };
            var listener = new EventSubscriber(caller, "token", receivesToolResponses: true);
            ResumeToken? place = null;
            Assert.True(after is null || MedCor.Gateway.LiveEvents.ResumeToken.TryParse(after, out place));
            return new(listener, await _tailer.SubscribeAsync(listener, place));
        }

        public async ValueTask DisposeAsync()
        {
            await _tailer.StopAsync(CancellationToken.None);
            _tailer.Dispose();
        }
    }

    /// <summary>Represents a subscriber and records what it receives.</summary>
    private sealed class RecordingSubscriber : IAsyncDisposable
    {
        private readonly EventSubscriber _listener;
        private readonly StreamSubscription _seat;
        private readonly Lock _turn = new();
        private readonly List<(string What, string Place)> _heard = [];
        private readonly Task _listening;
        private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string _place;

        public RecordingSubscriber(EventSubscriber listener, StreamSubscription seat)
        {
            (_listener, _seat) = (listener, seat);
            _place = Id();
            _listening = Listen();
        }

        public string Place
        {
            get
            {
                lock (_turn) return _place;
            }
        }

        /// <summary>Gets the numbers of the received events, and <c>reload</c>, in order.</summary>
        public IReadOnlyList<string> All
        {
            get
            {
                lock (_turn) return [.. _heard.Select(h => h.What)];
            }
        }

        public List<int> Numbers => [.. All.Where(h => h != "reload").Select(int.Parse)];

        public int Reloads => All.Count(h => h == "reload");

        /// <summary>Gets the numbers up to the event that was waited for. A client that was disconnected then has not received any later one.</summary>
        public IReadOnlyList<int> NumbersUntilWaitedFor { get; private set; } = [];

        /// <summary>Waits for an event and returns the resume token after it.</summary>
        public async Task<string> WaitFor(int number)
        {
            while (true)
            {
                Task next;
                lock (_turn)
                {
                    var at = _heard.FindIndex(h => h.What == number.ToString(System.Globalization.CultureInfo.InvariantCulture));
                    if (at >= 0)
                    {
                        NumbersUntilWaitedFor = [.. _heard.Take(at + 1).Where(h => h.What != "reload")
                            .Select(h => int.Parse(h.What, System.Globalization.CultureInfo.InvariantCulture))];
                        return _heard[at].Place;
                    }
                    next = _more.Task;
                }
                await Task.WhenAny(next, _listening).WaitAsync(TimeSpan.FromSeconds(60));
                if (_listening.IsCompleted) await _listening;
            }
        }

        /// <summary>Advances the resume token as a heartbeat does, and returns it.</summary>
        public string AdvanceByHeartbeat()
        {
            _seat.AdvanceToken();
            return Place;
        }

        private async Task Listen()
        {
            try
            {
                await foreach (var h in _seat.ReadAllAsync(_listener.Ended))
                    lock (_turn)
                    {
                        _seat.Token.Advance(h);
                        _place = Id();
                        if (h.Event is not { } e) continue;
                        var data = JsonNode.Parse(e.Data.Span)!;
                        _heard.Add((e.Name == "error_event" ? "reload" : data["data"]!["number"]!.ToString(), _place));
                        _more.SetResult();
                        _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    }
            }
            catch (OperationCanceledException)
            {
                // The subscriber was disposed.
            }
        }

        private string Id()
        {
            Span<byte> id = stackalloc byte[MedCor.Gateway.LiveEvents.ResumeToken.MaxLength];
            return Encoding.ASCII.GetString(id[.._seat.Token.WriteTo(id)]);
        }

        public async ValueTask DisposeAsync()
        {
            _listener.Dispose();
            await _listening;
            _seat.Dispose();
        }
    }
}
