using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;
using MedCor.Tests.EndToEnd;
using StackExchange.Redis;

namespace MedCor.Tests.Chat.Calls;

/// <summary>A question with a request id is asked once.</summary>
[Collection(nameof(ChatHouse))]
public class BeginCallTests(ChatHouse house)
{
    [Fact]
    public async Task Fifty_retries_at_once_over_two_replicas_are_one_call_of_the_model()
    {
        var (question, request) = (ChatHouse.Question(), Guid.NewGuid().ToString());

        var calls = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => house.AsProgram(i % 2).Ask(question, request)));

        var call = Assert.Single(calls.Distinct());
        await house.AsProgram().Read(call);
        Assert.Single(house.Model.Asked(question));
        Assert.Equal((call, "finished"), await house.AsProgram(1).Begin(question, request));
        Assert.Single(house.Model.Asked(question));
    }

    [Fact]
    public async Task The_same_question_in_either_form_is_the_same()
    {
        var (question, request) = (ChatHouse.Question(), Guid.NewGuid().ToString());
        var call = await house.AsProgram().Ask(question, request);

        var (status, body) = await house.AsProgram(1).Execute(new { tool = "openai_chat", input = new { messages = new[] { new { role = "user", content = question } } }, request_id = request });

        Assert.Equal((HttpStatusCode.OK, call.ToString()), (status, (string?)body!["call_id"]));
    }

    [Fact]
    public async Task The_same_request_id_with_another_question_is_a_conflict()
    {
        var request = Guid.NewGuid().ToString();
        await house.AsProgram().Ask(ChatHouse.Question(), request);

        var (status, body) = await house.AsProgram(1).Execute(new { messages = new[] { new { role = "user", content = "Something else" } }, request_id = request });

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (status, (string?)body!["error"]!["error_code"]));
    }

    [Fact]
    public async Task Two_questions_at_once_with_one_request_id_are_one_call_and_a_conflict()
    {
        var request = Guid.NewGuid().ToString();
        string[] questions = [ChatHouse.Question(), ChatHouse.Question()];

        var answers = await Task.WhenAll(questions.Select((q, i) => house.AsProgram(i).Execute(new { messages = new[] { new { role = "user", content = q } }, request_id = request })));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Conflict], answers.Select(a => a.Status).Order());
        await house.AsProgram().Read(Guid.Parse((string)answers.Single(a => a.Status == HttpStatusCode.OK).Body!["call_id"]!));
        Assert.Single(questions.SelectMany(house.Model.Asked));
    }

    [Fact]
    public async Task Two_callers_with_one_request_id_have_a_call_each()
    {
        var (question, request) = (ChatHouse.Question(), Guid.NewGuid().ToString());
        var (doctor, nurse) = (await Client.Shared("doctor@general.example"), await Client.Shared("nurse@general.example"));

        var calls = await Task.WhenAll(house.As(doctor.AccessToken).Ask(question, request), house.As(nurse.AccessToken).Ask(question, request), house.AsProgram().Ask(question, request));

        Assert.Equal(3, calls.Distinct().Count());
    }

    [Fact]
    public async Task An_idempotency_key_stands_for_a_request_id()
    {
        var (body, key) = (new { messages = new[] { new { role = "user", content = ChatHouse.Question() } } }, Guid.NewGuid().ToString());
        var program = new Dictionary<string, string> { ["Authorization"] = $"Bearer {Chatter.ServerToken}", ["Idempotency-Key"] = key }.Select(h => (h.Key, h.Value)).ToArray();

        using var first = await house.Gateways[0].Post(null, "/mcp/execute", body, program);
        using var second = await house.Gateways[1].Post(null, "/mcp/execute", body, program);

        var call = (string)JsonNode.Parse(await first.Content.ReadAsStringAsync())!["call_id"]!;
        Assert.Equal(call, (string?)JsonNode.Parse(await second.Content.ReadAsStringAsync())!["call_id"]);
        Assert.Equal((false, true), (first.Headers.Contains("Idempotent-Replayed"), second.Headers.Contains("Idempotent-Replayed")));
    }

    [Fact]
    public async Task Without_a_request_id_each_question_is_a_call()
    {
        var question = ChatHouse.Question();

        Assert.NotEqual(await house.AsProgram().Ask(question), await house.AsProgram().Ask(question));
    }

    [Fact]
    public async Task When_Redis_has_forgotten_the_request_the_database_has_not()
    {
        var (question, request) = (ChatHouse.Question(), Guid.NewGuid().ToString());
        var call = await house.AsProgram().Ask(question, request);
        await house.AsProgram().Read(call);
        await Forget($"medcor:chat:*{call}*", Of(request));

        var again = await house.AsProgram(1).Begin(question, request);
        var told = await house.AsProgram(1).Read(call);

        Assert.Equal((call, "finished"), again);
        Assert.Single(house.Model.Asked(question));
        Assert.Equal(["partial", "final"], told.Select(t => t.Name));
        Assert.All(told, t => Assert.Equal(string.Concat(ModelServer.Usual), t.Text));
        Assert.Equal(["final"], (await house.AsProgram().Read(call, after: told[0].Id)).Select(t => t.Name));
        using var nothing = await house.AsProgram().Open(call, after: told[1].Id);
        using var unknown = await house.AsProgram().Open(Guid.NewGuid(), after: told[1].Id);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (nothing.StatusCode, unknown.StatusCode));
    }

    [Fact]
    public async Task What_has_ended_leaves_Redis_soon_and_its_request_id_after_a_day()
    {
        var request = Guid.NewGuid().ToString();
        var call = await house.AsProgram().Ask(ChatHouse.Question(), request);
        await house.AsProgram().Read(call);

        using var redis = await ConnectionMultiplexer.ConnectAsync((await RunningHouse.Get()).RedisAddress);
        foreach (var key in new[] { "call", "events" })
            await Wait.Until(async () => await redis.GetDatabase().KeyTimeToLiveAsync($"medcor:chat:{key}:{call}") <= TimeSpan.FromMinutes(15), $"its {key} leave");
        Assert.InRange((await redis.GetDatabase().KeyTimeToLiveAsync(Of(request, CallOwner.Server.Name)))!.Value, TimeSpan.FromHours(23), TimeSpan.FromHours(24));
    }

    [Fact]
    public async Task A_replica_that_is_gone_before_a_call_is_kept_does_not_take_its_request_id_with_it()
    {
        var (question, request) = (ChatHouse.Question(), Guid.NewGuid().ToString());
        var body = new { messages = new[] { new { role = "user", content = question } }, request_id = request };
        using var redis = await ConnectionMultiplexer.ConnectAsync((await RunningHouse.Get()).RedisAddress);
        var streams = new CallStreams(redis, TimeProvider.System);
        var (call, gone) = (Guid.NewGuid(), Guid.NewGuid().ToString("N"));
        await streams.Begin(call, CallOwner.Server, request, "of what was asked", gone);
        await redis.GetDatabase().KeyPersistAsync($"medcor:chat:runner:{gone}");

        // While it may still come, its request is not taken from it.
        var (status, refused) = await house.AsProgram().Execute(body);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, CallState.Started), (status, await streams.StateOf(call)));
        Assert.Contains("just being begun", (string?)refused!["error"]!["message"], StringComparison.Ordinal);
        await streams.Leave(gone);
        await Wait.Until(async () => (await house.AsProgram(1).Execute(body)).Status == HttpStatusCode.OK, "the question is taken");

        await house.AsProgram().Read(await house.AsProgram().Ask(question, request));
        Assert.Single(house.Model.Asked(question));
    }

    [Fact]
    public async Task A_day_later_the_request_id_may_be_used_again()
    {
        var (question, request) = (ChatHouse.Question(), Guid.NewGuid().ToString());
        var call = await house.AsProgram().Ask(question, request);
        await house.AsProgram().Read(call);
        await using (var chat = await (await RunningHouse.Get()).Database("chat"))
        await using (var age = new Npgsql.NpgsqlCommand("UPDATE chat_calls SET created_at = created_at - interval '24 hours' WHERE id = $1", chat) { Parameters = { new() { Value = call } } })
            Assert.Equal(1, await age.ExecuteNonQueryAsync());
        await Forget(Of(request));

        var again = await house.AsProgram().Ask(question, request);

        Assert.NotEqual(call, again);
        await house.AsProgram().Read(again);
        Assert.Equal(2, house.Model.Asked(question).Length);
    }

    /// <summary>What Redis keeps of a request id, whoever's unless said.</summary>
    private static string Of(string request, string owner = "*") => $"medcor:chat:request:{owner}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";

    private static async Task Forget(params string[] patterns)
    {
        // Looking through all keys takes the longer the more tests have left some.
        using var redis = await ConnectionMultiplexer.ConnectAsync((await RunningHouse.Get()).RedisAddress + ",allowAdmin=true,syncTimeout=30000");
        foreach (var pattern in patterns)
            foreach (var key in redis.GetServer(redis.GetEndPoints()[0]).Keys(pattern: pattern)) await redis.GetDatabase().KeyDeleteAsync(key);
    }
}
