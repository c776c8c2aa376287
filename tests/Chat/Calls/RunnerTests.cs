using System.Net;
using System.Text;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;
using StackExchange.Redis;

namespace MedCor.Tests.Chat.Calls;

/// <summary>A call outlives no replica and no Redis, and whoever waits for it is told.</summary>
[Collection(nameof(ChatHouse))]
public partial class RunnerTests(ChatHouse house)
{
    [Fact]
    public async Task When_the_replica_that_carries_a_call_out_is_killed_its_readers_are_told_to_ask_again()
    {
        var question = ChatHouse.Question();
        house.Model.When(question, async model =>
        {
            await model.Token("Anemia");
            await model.Hang();
        });
        var doomed = await ChatHouse.StartChat(house.Model.Address, ("OPENAI_STALL_SECONDS", "120"));
        await using var gateway = await ChatHouse.StartGateway([doomed, .. house.Chats]);
        await using var only = await ChatHouse.StartGateway([doomed]);
        var request = Guid.NewGuid().ToString();
        var call = await new Chatter(only.Http, Chatter.ServerToken).Ask(question, request);
        using var open = await house.AsProgram().Open(call);
        Assert.Equal("Anemia", (await Chatter.Events(open).FirstAsync()).Text);
        Task<Told[]>[] readers = [house.AsProgram(0).Read(call), house.AsProgram(1).Read(call), new Chatter(only.Http, Chatter.ServerToken).Read(call)];

        await doomed.DisposeAsync();

        foreach (var told in await Task.WhenAll(readers).WaitAsync(ChatHouse.Soon))
        {
            Assert.Equal(["partial", "error"], told.Select(t => t.Name));
            Assert.True((bool)told[1].Data["retryable"]!);
        }
        await Wait.Until(async () => await CancelCallsTests.StateOf(call) == "ERROR", "it is kept that the call was interrupted");
        Assert.Equal((call, "error"), await new Chatter(gateway.Http, Chatter.ServerToken).Begin(question, request));
        Assert.Single(house.Model.Asked(question));
    }

    [Fact]
    public async Task A_call_whose_replica_is_killed_ends_without_a_reader_too()
    {
        var question = ChatHouse.Question();
        house.Model.When(question, model => model.Hang());
        var doomed = await ChatHouse.StartChat(house.Model.Address, ("OPENAI_FIRST_TOKEN_SECONDS", "120"));
        await using var only = await ChatHouse.StartGateway([doomed]);
        var call = await new Chatter(only.Http, Chatter.ServerToken).Ask(question);
        await house.Model.NextAsked(question);

        await doomed.DisposeAsync();

        await Wait.Until(async () => await CancelCallsTests.StateOf(call) == "ERROR", "the call is settled", TimeSpan.FromSeconds(25));
        Assert.Equal(["error"], (await house.AsProgram().Read(call)).Select(t => t.Name));
    }

    [Fact]
    public async Task A_replica_that_stops_completes_its_answers()
    {
        var question = ChatHouse.Question();
        var goOn = house.Model.PauseAfter(question, ["One"], " two");
        await using var stopping = await ChatHouse.StartChat(house.Model.Address, ("OPENAI_STALL_SECONDS", "60"));
        await using var gateway = await ChatHouse.StartGateway([stopping]);
        var call = await new Chatter(gateway.Http, Chatter.ServerToken).Ask(question);
        using (var open = await house.AsProgram().Open(call)) await Chatter.Events(open).FirstAsync();

        var stops = stopping.Stop();
        goOn.SetResult();

        Assert.Equal("One two", (await house.AsProgram().Read(call))[^1].Text);
        await stops;
        Assert.Equal("FINISHED", await CancelCallsTests.StateOf(call));
    }

    [Fact]
    public async Task An_answer_of_which_Redis_has_lost_a_part_is_none()
    {
        var question = ChatHouse.Question();
        var goOn = house.Model.PauseAfter(question, ModelServer.Usual[..3], ModelServer.Usual[3..]);
        var call = await house.AsProgram().Ask(question);
        using var early = await house.AsProgram().Open(call);
        var told = Chatter.Events(early).GetAsyncEnumerator();
        for (var i = 0; i < 3; i++) Assert.True(await told.MoveNextAsync());

        // As after a failover to a replica that had heard of the first token alone.
        using (var redis = await ConnectionMultiplexer.ConnectAsync((await RunningHouse.Get()).RedisAddress))
        {
            var db = redis.GetDatabase();
            await db.KeyDeleteAsync($"medcor:chat:events:{call}");
            await db.ExecuteAsync("XADD", $"medcor:chat:events:{call}", "1-0", "s", "STARTED", "t", ModelServer.Usual[0]);
            await db.HashSetAsync($"medcor:chat:call:{call}", "told", 1);
        }
        goOn.SetResult();

        Assert.True(await told.MoveNextAsync());
        Assert.Equal("error", told.Current.Name);
        Assert.Equal(["partial", "error"], (await house.AsProgram(1).Read(call)).Select(t => t.Name));
        await Wait.Until(async () => await CancelCallsTests.StateOf(call) == "ERROR", "it is kept that the answer was lost");
    }

    [Fact]
    public async Task When_Redis_is_lost_nothing_hangs_and_nothing_is_asked_twice()
    {
        await using var redis = new OwnRedis();
        var connection = await redis.Start();
        var address = ("ConnectionStrings__cache", (string?)redis.Address);
        await using var chat = await ChatHouse.StartChat(house.Model.Address, address, ("OPENAI_STALL_SECONDS", "120"));
        await using var gateway = await ChatHouse.StartGateway([chat], address);
        var somebody = new Chatter(gateway.Http, Chatter.ServerToken);
        string[] questions = [ChatHouse.Question(), ChatHouse.Question()];
        house.Model.When(questions[0], async model =>
        {
            await model.Token("Anemia");
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (await timer.WaitForNextTickAsync()) await model.Token(" and");
        });
        var (broken, whole) = (await somebody.Ask(questions[0]), await somebody.Ask(questions[1], requestId: "once"));
        await somebody.Read(whole);
        using var open = await somebody.Open(broken);
        var told = Chatter.Events(open).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());

        await redis.Kill();

        // Who reads is told, who asks is told, and the model is let go of.
        async Task<Told> Ending()
        {
            while (told.Current.Name == "partial") Assert.True(await told.MoveNextAsync());
            return told.Current;
        }
        var ending = await Ending().WaitAsync(ChatHouse.Soon);
        Assert.Equal(("error", true), (ending.Name, (bool)ending.Data["retryable"]!));
        await house.Model.Asked(questions[0])[0].LetGo.WaitAsync(ChatHouse.Soon);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await somebody.Execute(new { messages = new[] { new { role = "user", content = "x" } } }).WaitAsync(ChatHouse.Soon)).Status);
        await Wait.Until(async () => await CancelCallsTests.StateOf(broken) == "ERROR", "it is kept that the answer was lost");

        // Redis comes back with nothing in it. What was asked before is known all the same.
        await connection.CloseAsync();
        await (await redis.Start()).CloseAsync();
        (Guid Call, string Status) again = default;
        await Wait.Until(async () =>
        {
            var (status, body) = await somebody.Execute(new { messages = new[] { new { role = "user", content = questions[1] } }, request_id = "once" });
            if (status != HttpStatusCode.OK) return false;
            again = (Guid.Parse((string)body!["call_id"]!), (string)body["status"]!);
            return true;
        }, "questions are taken again");
        Assert.Equal((whole, "finished"), again);
        Assert.Single(house.Model.Asked(questions[1]));
        await Wait.Until(async () => (await somebody.Open(whole)).StatusCode == HttpStatusCode.OK, "answers are read again");
        Assert.Equal(string.Concat(ModelServer.Usual), (await somebody.Read(whole))[^1].Text);
        await Wait.Until(async () => (await somebody.Execute(new { messages = new[] { new { role = "user", content = ChatHouse.Question() } } })).Status == HttpStatusCode.OK, "new questions are taken");
    }

    [Fact]
    public async Task A_Redis_that_takes_no_writes_is_borne_for_a_moment_and_then_told()
    {
        await using var redis = new OwnRedis();
        using var connection = await redis.Start();
        var address = ("ConnectionStrings__cache", (string?)redis.Address);
        await using var chat = await ChatHouse.StartChat(house.Model.Address, address, ("OPENAI_STALL_SECONDS", "120"));
        await using var gateway = await ChatHouse.StartGateway([chat], address);
        var (somebody, question) = (new Chatter(gateway.Http, Chatter.ServerToken), ChatHouse.Question());
        var goOn = house.Model.PauseAfter(question, ModelServer.Usual[..1], ModelServer.Usual[1..]);
        var call = await somebody.Ask(question);
        using (var open = await somebody.Open(call)) await Chatter.Events(open).FirstAsync();

        // As after a change of masters, until the new one has a replica.
        await TakesWrites(false);
        goOn.SetResult();
        await Wait.Until(async () => await Refused() >= 20, "pieces are refused");
        await TakesWrites(true);
        Assert.Equal(string.Concat(ModelServer.Usual), (await somebody.Read(call))[^1].Text);

        // As when two of three are gone.
        house.Model.When(question, model => model.Hang());
        var silent = somebody.Read(await somebody.Ask(question));
        await TakesWrites(false);
        var told = Assert.Single(await silent.WaitAsync(2 * ChatHouse.Soon));
        Assert.Equal(("error", true), (told.Name, (bool)told.Data["retryable"]!));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await somebody.Execute(new { messages = new[] { new { role = "user", content = question } } })).Status);

        // More often than a replica says that it lives.
        async Task<int> Refused() =>
            Errors().Match((string)(await connection.GetDatabase().ExecuteAsync("INFO", "errorstats"))!) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : 0;

        Task TakesWrites(bool takes) => connection.GetDatabase().ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", takes ? 0 : 1);
    }

    [Fact]
    public async Task Questions_and_answers_reach_no_log_and_no_trace()
    {
        var (running, secret) = (await RunningHouse.Get(), $"Zyxw{Guid.NewGuid():N}");
        var (wrong, right) = ($"{ChatHouse.Question()} {secret}", $"{ChatHouse.Question()} {secret}");
        house.Model.When(wrong, async model =>
        {
            await model.Token(secret);
            await model.Cut();
        });
        house.Model.When(right, model => model.Say(secret, " ", secret));
        foreach (var question in new[] { wrong, right })
            await house.AsProgram().Read(await house.AsProgram().Ask(question, requestId: $"{secret}-{Guid.NewGuid()}", session: secret));
        await house.AsProgram().Execute(new { messages = new[] { new { role = secret, content = secret } }, other = secret });
        await house.AsProgram().Cancel(secret);
        var before = running.Telemetry.Bodies.Count;
        await house.AsProgram().Send(HttpMethod.Get, "/mcp/manifest");
        await Wait.Until(() => Task.FromResult(running.Telemetry.Bodies.Count > before + 20), "what happened until then is exported");

        Assert.DoesNotContain(secret, house.Said, StringComparison.Ordinal);
        foreach (var forbidden in new[] { secret, Chatter.ServerToken, ModelServer.Key })
            Assert.DoesNotContain(running.Telemetry.Bodies, body => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(forbidden)) >= 0);
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"errorstat_NOREPLICAS:count=(\d+)")]
    private static partial System.Text.RegularExpressions.Regex Errors();
}
