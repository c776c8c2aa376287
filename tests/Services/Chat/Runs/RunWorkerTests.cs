using System.Net;
using System.Text;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.Tests.Services.Chat.Runs;

/// <summary>Tests that a chat run ends when its replica or Redis is lost, and that every reader is told.</summary>
[Collection(nameof(ChatCollection))]
public partial class RunWorkerTests(ChatFixture system)
{
    [Fact]
    public async Task When_the_replica_that_executes_a_run_is_killed_its_readers_are_told_to_retry()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, async model =>
        {
            await model.SendToken("Anemia");
            await model.HangUntilAborted();
        });
        var doomed = await ChatFixture.StartChat(system.Model.Address, ("OPENAI_STALL_SECONDS", "120"));
        await using var gateway = await ChatFixture.StartGateway([doomed, .. system.ChatReplicas]);
        await using var only = await ChatFixture.StartGateway([doomed]);
        var request = Guid.NewGuid().ToString();
        var call = await new ChatStreamClient(only.Http, ChatStreamClient.ServerToken).Start(question, request);
        using var open = await system.ServerTokenClient().OpenStream(call);
        Assert.Equal("Anemia", (await ChatStreamClient.ReadEvents(open).FirstAsync()).Text);
        Task<ChatEvent[]>[] readers = [system.ServerTokenClient(0).ReadToEnd(call), system.ServerTokenClient(1).ReadToEnd(call),
            new ChatStreamClient(only.Http, ChatStreamClient.ServerToken).ReadToEnd(call)];

        await doomed.DisposeAsync();

        foreach (var told in await Task.WhenAll(readers).WaitAsync(ChatFixture.ReaderTimeout))
        {
            Assert.Equal(["partial", "error"], told.Select(t => t.Name));
            Assert.True(told[1].IsRetryable);
        }
        await Wait.Until(async () => await ChatRunCancellerTests.StateOf(call) == "ERROR", "it is kept that the call was interrupted");
        Assert.Equal((call, "error"), await new ChatStreamClient(gateway.Http, ChatStreamClient.ServerToken).StartWithStatus(question, request));
        Assert.Single(system.Model.RequestsFor(question));
    }

    [Fact]
    public async Task A_call_whose_replica_is_killed_ends_without_a_reader_too()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.HangUntilAborted());
        var doomed = await ChatFixture.StartChat(system.Model.Address, ("OPENAI_FIRST_TOKEN_SECONDS", "120"));
        await using var only = await ChatFixture.StartGateway([doomed]);
        var call = await new ChatStreamClient(only.Http, ChatStreamClient.ServerToken).Start(question);
        await system.Model.WaitForRequest(question);

        await doomed.DisposeAsync();

        await Wait.Until(async () => await ChatRunCancellerTests.StateOf(call) == "ERROR", "the call is settled", TimeSpan.FromSeconds(25));
        Assert.Equal(["error"], (await system.ServerTokenClient().ReadToEnd(call)).Select(t => t.Name));
    }

    [Fact]
    public async Task A_replica_that_stops_completes_its_answers()
    {
        var question = ChatFixture.NewQuestion();
        var goOn = system.Model.PauseAfter(question, ["One"], " two");
        await using var stopping = await ChatFixture.StartChat(system.Model.Address, ("OPENAI_STALL_SECONDS", "60"));
        await using var gateway = await ChatFixture.StartGateway([stopping]);
        var call = await new ChatStreamClient(gateway.Http, ChatStreamClient.ServerToken).Start(question);
        using (var open = await system.ServerTokenClient().OpenStream(call)) await ChatStreamClient.ReadEvents(open).FirstAsync();

        var stops = stopping.Stop();
        goOn.SetResult();

        Assert.Equal("One two", (await system.ServerTokenClient().ReadToEnd(call))[^1].Text);
        await stops;
        Assert.Equal("FINISHED", await ChatRunCancellerTests.StateOf(call));
    }

    [Fact]
    public async Task An_answer_that_Redis_lost_in_part_is_reported_as_lost()
    {
        var question = ChatFixture.NewQuestion();
        var goOn = system.Model.PauseAfter(question, StubModelServer.DefaultTokens[..3], StubModelServer.DefaultTokens[3..]);
        var call = await system.ServerTokenClient().Start(question);
        using var early = await system.ServerTokenClient().OpenStream(call);
        var told = ChatStreamClient.ReadEvents(early).GetAsyncEnumerator();
        for (var i = 0; i < 3; i++) Assert.True(await told.MoveNextAsync());

        // As after a failover to a replica that had received only the first token.
        using (var redis = await ConnectionMultiplexer.ConnectAsync((await MedCorFixture.Get()).RedisConnectionString))
        {
            var db = redis.GetDatabase();
            await db.KeyDeleteAsync($"medcor:chat:events:{call}");
            await db.ExecuteAsync("XADD", $"medcor:chat:events:{call}", "1-0", "s", "STARTED", "t", StubModelServer.DefaultTokens[0]);
            await db.HashSetAsync($"medcor:chat:call:{call}", "told", 1);
        }
        goOn.SetResult();

        Assert.True(await told.MoveNextAsync());
        Assert.Equal("error", told.Current.Name);
        Assert.Equal(["partial", "error"], (await system.ServerTokenClient(1).ReadToEnd(call)).Select(t => t.Name));
        await Wait.Until(async () => await ChatRunCancellerTests.StateOf(call) == "ERROR", "it is kept that the answer was lost");
    }

    [Fact]
    public async Task When_Redis_is_lost_no_stream_hangs_and_the_model_is_not_called_twice()
    {
        await using var redis = new RedisServer();
        var connection = await redis.Start();
        var address = ("ConnectionStrings__cache", (string?)redis.Address);
        await using var chat = await ChatFixture.StartChat(system.Model.Address, address, ("OPENAI_STALL_SECONDS", "120"));
        await using var gateway = await ChatFixture.StartGateway([chat], address);
        var somebody = new ChatStreamClient(gateway.Http, ChatStreamClient.ServerToken);
        string[] questions = [ChatFixture.NewQuestion(), ChatFixture.NewQuestion()];
        system.Model.OnQuestion(questions[0], async model =>
        {
            await model.SendToken("Anemia");
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (await timer.WaitForNextTickAsync()) await model.SendToken(" and");
        });
        var (broken, whole) = (await somebody.Start(questions[0]), await somebody.Start(questions[1], requestId: "once"));
        await somebody.ReadToEnd(whole);
        using var open = await somebody.OpenStream(broken);
        var told = ChatStreamClient.ReadEvents(open).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());

        await redis.Kill();

        // Readers receive an error, new requests are refused, and the model request is aborted.
        async Task<ChatEvent> Ending()
        {
            while (told.Current.Name == "partial") Assert.True(await told.MoveNextAsync());
            return told.Current;
        }
        var ending = await Ending().WaitAsync(ChatFixture.ReaderTimeout);
        Assert.Equal(("error", true), (ending.Name, ending.IsRetryable));
        await system.Model.RequestsFor(questions[0])[0].Aborted.WaitAsync(ChatFixture.ReaderTimeout);
        Assert.Equal(HttpStatusCode.ServiceUnavailable,
            (await somebody.Execute(new { messages = new[] { new { role = "user", content = "x" } } }).WaitAsync(ChatFixture.ReaderTimeout)).Status);
        await Wait.Until(async () => await ChatRunCancellerTests.StateOf(broken) == "ERROR", "it is kept that the answer was lost");

        // Redis restarts empty. Earlier requests are known nevertheless.
        await connection.CloseAsync();
        await (await redis.Start()).CloseAsync();
        ChatCall? again = null;
        await Wait.Until(async () =>
        {
            var answer = await somebody.Execute(new { messages = new[] { new { role = "user", content = questions[1] } }, request_id = "once" });
            if (answer.Status != HttpStatusCode.OK) return false;
            again = answer.Read<ChatCall>();
            return true;
        }, "questions are taken again");
        Assert.Equal(new(whole, "finished"), again);
        Assert.Single(system.Model.RequestsFor(questions[1]));
        await Wait.Until(async () => (await somebody.OpenStream(whole)).StatusCode == HttpStatusCode.OK, "answers are read again");
        Assert.Equal(string.Concat(StubModelServer.DefaultTokens), (await somebody.ReadToEnd(whole))[^1].Text);
        await Wait.Until(async () =>
            (await somebody.Execute(new { messages = new[] { new { role = "user", content = ChatFixture.NewQuestion() } } })).Status == HttpStatusCode.OK,
            "new questions are taken");
    }

    [Fact]
    public async Task Refused_writes_of_Redis_are_retried_for_a_moment_and_then_reported()
    {
        await using var redis = new RedisServer();
        using var connection = await redis.Start();
        var address = ("ConnectionStrings__cache", (string?)redis.Address);
        await using var chat = await ChatFixture.StartChat(system.Model.Address, address, ("OPENAI_STALL_SECONDS", "120"));
        await using var gateway = await ChatFixture.StartGateway([chat], address);
        var (somebody, question) = (new ChatStreamClient(gateway.Http, ChatStreamClient.ServerToken), ChatFixture.NewQuestion());
        var goOn = system.Model.PauseAfter(question, StubModelServer.DefaultTokens[..1], StubModelServer.DefaultTokens[1..]);
        var call = await somebody.Start(question);
        using (var open = await somebody.OpenStream(call)) await ChatStreamClient.ReadEvents(open).FirstAsync();

        // As after a failover, until the new master has a replica.
        await TakesWrites(false);
        goOn.SetResult();
        await Wait.Until(async () => await Refused() >= 20, "pieces are refused");
        await TakesWrites(true);
        Assert.Equal(string.Concat(StubModelServer.DefaultTokens), (await somebody.ReadToEnd(call))[^1].Text);

        // As when two of three Redis nodes are down.
        system.Model.OnQuestion(question, model => model.HangUntilAborted());
        var silent = somebody.ReadToEnd(await somebody.Start(question));
        await TakesWrites(false);
        var told = Assert.Single(await silent.WaitAsync(2 * ChatFixture.ReaderTimeout));
        Assert.Equal(("error", true), (told.Name, told.IsRetryable));
        Assert.Equal(HttpStatusCode.ServiceUnavailable,
            (await somebody.Execute(new { messages = new[] { new { role = "user", content = question } } })).Status);

        // The threshold above exceeds what a replica's heartbeats alone would cause.
        async Task<int> Refused() =>
            Errors().Match((string)(await connection.GetDatabase().ExecuteAsync("INFO", "errorstats"))!) is { Success: true } match
                ? int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)
                : 0;

        Task TakesWrites(bool takes) => connection.GetDatabase().ExecuteAsync("CONFIG", "SET", "min-replicas-to-write", takes ? 0 : 1);
    }

    [Fact]
    public async Task Questions_and_answers_reach_no_log_and_no_trace()
    {
        var (running, secret) = (await MedCorFixture.Get(), $"Zyxw{Guid.NewGuid():N}");
        var (wrong, right) = ($"{ChatFixture.NewQuestion()} {secret}", $"{ChatFixture.NewQuestion()} {secret}");
        system.Model.OnQuestion(wrong, async model =>
        {
            await model.SendToken(secret);
            await model.Abort();
        });
        system.Model.OnQuestion(right, model => model.SendAnswer(secret, " ", secret));
        foreach (var question in new[] { wrong, right })
            await system.ServerTokenClient()
                .ReadToEnd(await system.ServerTokenClient().Start(question, requestId: $"{secret}-{Guid.NewGuid()}", session: secret));
        await system.ServerTokenClient().Execute(new { messages = new[] { new { role = secret, content = secret } }, other = secret });
        await system.ServerTokenClient().Cancel(secret);
        var before = running.Telemetry.Bodies.Count;
        await system.ServerTokenClient().Send(HttpMethod.Get, "/mcp/manifest");
        await Wait.Until(() => Task.FromResult(running.Telemetry.Bodies.Count > before + 20), "what happened until then is exported");

        Assert.DoesNotContain(secret, system.Output, StringComparison.Ordinal);
        foreach (var forbidden in new[] { secret, ChatStreamClient.ServerToken, StubModelServer.Key })
            Assert.DoesNotContain(running.Telemetry.Bodies, body => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(forbidden)) >= 0);
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"errorstat_NOREPLICAS:count=(\d+)")]
    private static partial System.Text.RegularExpressions.Regex Errors();
}
