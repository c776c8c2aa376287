using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.ChatStreams;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.Tests.Services.Chat.Runs;

/// <summary>Tests that a question with a request ID reaches the model once.</summary>
[Collection(nameof(ChatCollection))]
public class ChatRunStarterTests(ChatFixture house)
{
    [Fact]
    public async Task Fifty_retries_at_once_over_two_replicas_are_one_call_of_the_model()
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());

        var calls = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => house.ServerTokenClient(i % 2).Start(question, request)));

        var call = Assert.Single(calls.Distinct());
        await house.ServerTokenClient().ReadToEnd(call);
        Assert.Single(house.Model.RequestsFor(question));
        Assert.Equal((call, "finished"), await house.ServerTokenClient(1).StartWithStatus(question, request));
        Assert.Single(house.Model.RequestsFor(question));
    }

    [Fact]
    public async Task The_same_question_in_either_form_is_the_same()
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var call = await house.ServerTokenClient().Start(question, request);

        var again = await house.ServerTokenClient(1)
            .Execute(new { tool = "openai_chat", input = new { messages = new[] { new { role = "user", content = question } } }, request_id = request });

        Assert.Equal((HttpStatusCode.OK, call), (again.Status, again.Read<ChatCall>().CallId));
    }

    [Fact]
    public async Task The_same_request_id_with_another_question_is_a_conflict()
    {
        var request = Guid.NewGuid().ToString();
        await house.ServerTokenClient().Start(ChatFixture.NewQuestion(), request);

        var refused = await house.ServerTokenClient(1)
            .Execute(new { messages = new[] { new { role = "user", content = "Something else" } }, request_id = request });

        Assert.Equal((HttpStatusCode.Conflict, "CONFLICT"), (refused.Status, refused.Error.ErrorCode));
    }

    [Fact]
    public async Task A_user_who_has_become_a_receptionist_reads_no_run_from_before()
    {
        var (admin, user) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create("NURSE"));
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var nurse = house.ClientFor((await user.LogIn()).AccessToken);
        var call = await nurse.Start(question, request);
        await nurse.ReadToEnd(call);

        await admin.Call("update_user", new { user_id = user.Id, role = "RECEPTIONIST" });
        var token = (await user.LogIn()).AccessToken;

        var again = await house.ClientFor(token).Execute(new { messages = new[] { new { role = "user", content = question } }, request_id = request });
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (again.Status, again.Error.ErrorCode));
        using var stream = await house.ClientFor(token).OpenStream(call);
        Assert.Equal(HttpStatusCode.Forbidden, stream.StatusCode);
        // The gateway asks Chat for a run that Redis does not have any more.
        using var asked = new HttpRequestMessage(HttpMethod.Get, $"/chat/calls/{call}");
        asked.Headers.Authorization = new("Bearer", token);
        using var saved = await house.ChatReplicas[0].Http.SendAsync(asked);
        Assert.Equal(HttpStatusCode.Forbidden, saved.StatusCode);
    }

    [Fact]
    public async Task Two_questions_at_once_with_one_request_id_are_one_call_and_a_conflict()
    {
        var request = Guid.NewGuid().ToString();
        string[] questions = [ChatFixture.NewQuestion(), ChatFixture.NewQuestion()];

        var answers = await Task.WhenAll(questions.Select(
            (q, i) => house.ServerTokenClient(i).Execute(new { messages = new[] { new { role = "user", content = q } }, request_id = request })));

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Conflict], answers.Select(a => a.Status).Order());
        await house.ServerTokenClient().ReadToEnd(answers.Single(a => a.Status == HttpStatusCode.OK).Read<ChatCall>().CallId);
        Assert.Single(questions.SelectMany(house.Model.RequestsFor));
    }

    [Fact]
    public async Task Two_callers_with_one_request_id_have_a_call_each()
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var (doctor, nurse) = (await ApiClient.LogInShared("doctor@general.example"), await ApiClient.LogInShared("nurse@general.example"));

        var calls = await Task.WhenAll(house.ClientFor(doctor.AccessToken).Start(question, request),
            house.ClientFor(nurse.AccessToken).Start(question, request), house.ServerTokenClient().Start(question, request));

        Assert.Equal(3, calls.Distinct().Count());
    }

    /// <param name="header">Whether the Idempotency-Key header is sent, the first time and the second.</param>
    /// <param name="field">Whether the request_id is sent, the first time and the second.</param>
    [Theory]
    [InlineData(new[] { true, true }, new[] { false, false })]
    [InlineData(new[] { false, false }, new[] { true, true })]
    [InlineData(new[] { true, false }, new[] { false, true })]
    [InlineData(new[] { true, true }, new[] { true, false })]
    public async Task An_idempotency_key_and_a_request_id_are_the_same_key(bool[] header, bool[] field)
    {
        var (question, key) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());

        var (first, isFirstReplayed) = await Ask(0, question, header[0] ? key : null, field[0] ? key : null);
        var (second, isSecondReplayed) = await Ask(1, question, header[1] ? key : null, field[1] ? key : null);

        Assert.Equal(first.Read<ChatCall>().CallId, second.Read<ChatCall>().CallId);
        Assert.Equal((false, true), (isFirstReplayed, isSecondReplayed));
    }

    [Fact]
    public async Task An_idempotency_key_and_another_request_id_are_refused_and_nothing_is_asked()
    {
        var question = ChatFixture.NewQuestion();

        var (refused, _) = await Ask(0, question, "one", "another");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal("Not valid: Idempotency-Key differs from request_id. Send one of them; request_id differs from Idempotency-Key. Send one of them.",
            refused.Error.Message);
        Assert.Empty(house.Model.RequestsFor(question));
    }

    [Theory]
    [InlineData(true, "Idempotency-Key")]
    [InlineData(false, "request_id")]
    public async Task A_conflict_names_the_key_as_it_was_sent(bool inHeader, string name)
    {
        var key = Guid.NewGuid().ToString();
        await house.ServerTokenClient().Start(ChatFixture.NewQuestion(), key);

        var (refused, _) = await Ask(1, "Something else", inHeader ? key : null, inHeader ? null : key);

        Assert.Equal((HttpStatusCode.Conflict, $"This {name} was used for another question. Use a new one for each."),
            (refused.Status, refused.Error.Message));
    }

    private async Task<(ChatResponse Response, bool IsReplayed)> Ask(int gateway, string question, string? idempotencyKey, string? requestId)
    {
        var headers = new List<(string, string)> { ("Authorization", $"Bearer {ChatStreamClient.ServerToken}") };
        if (idempotencyKey is not null) headers.Add(("Idempotency-Key", idempotencyKey));
        using var response = await house.Gateways[gateway].Post(null, "/mcp/execute",
            new { messages = new[] { new { role = "user", content = question } }, request_id = requestId }, [.. headers]);
        return (new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())), response.Headers.Contains("Idempotent-Replayed"));
    }

    [Fact]
    public async Task Without_a_request_id_each_question_is_a_call()
    {
        var question = ChatFixture.NewQuestion();

        Assert.NotEqual(await house.ServerTokenClient().Start(question), await house.ServerTokenClient().Start(question));
    }

    [Fact]
    public async Task A_request_id_lost_by_Redis_is_still_known_to_the_database()
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var call = await house.ServerTokenClient().Start(question, request);
        await house.ServerTokenClient().ReadToEnd(call);
        await Forget($"medcor:chat:*{call}*", Of(request));

        var again = await house.ServerTokenClient(1).StartWithStatus(question, request);
        var told = await house.ServerTokenClient(1).ReadToEnd(call);

        Assert.Equal((call, "finished"), again);
        Assert.Single(house.Model.RequestsFor(question));
        Assert.Equal(["partial", "final"], told.Select(t => t.Name));
        Assert.All(told, t => Assert.Equal(string.Concat(StubModelServer.DefaultTokens), t.Text));
        Assert.Equal(["final"], (await house.ServerTokenClient().ReadToEnd(call, after: told[0].Id)).Select(t => t.Name));
        using var nothing = await house.ServerTokenClient().OpenStream(call, after: told[1].Id);
        using var unknown = await house.ServerTokenClient().OpenStream(Guid.NewGuid(), after: told[1].Id);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (nothing.StatusCode, unknown.StatusCode));
    }

    [Fact]
    public async Task An_ended_run_expires_in_Redis_soon_and_its_request_id_after_a_day()
    {
        var request = Guid.NewGuid().ToString();
        var call = await house.ServerTokenClient().Start(ChatFixture.NewQuestion(), request);
        await house.ServerTokenClient().ReadToEnd(call);

        using var redis = await ConnectionMultiplexer.ConnectAsync((await MedCorFixture.Get()).RedisConnectionString);
        foreach (var key in new[] { "call", "events" })
            await Wait.Until(async () => await redis.GetDatabase().KeyTimeToLiveAsync($"medcor:chat:{key}:{call}") <= TimeSpan.FromMinutes(15),
                $"its {key} leave");
        Assert.InRange((await redis.GetDatabase().KeyTimeToLiveAsync(Of(request, ChatRunOwner.Server.Key)))!.Value,
            TimeSpan.FromHours(23), TimeSpan.FromHours(24));
    }

    [Fact]
    public async Task A_replica_that_is_gone_before_a_call_is_kept_does_not_take_its_request_id_with_it()
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var body = new { messages = new[] { new { role = "user", content = question } }, request_id = request };
        using var redis = await ConnectionMultiplexer.ConnectAsync((await MedCorFixture.Get()).RedisConnectionString);
        var streams = new ChatStreamStore(redis, TimeProvider.System);
        var (call, gone) = (Guid.NewGuid(), Guid.NewGuid().ToString("N"));
        await streams.StartAsync(call, ChatRunOwner.Server, request, "of what was asked", gone);
        await redis.GetDatabase().KeyPersistAsync($"medcor:chat:runner:{gone}");

        // While the replica may still store the run, its request ID is not released.
        var refused = await house.ServerTokenClient().Execute(body);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, ChatRunState.Started), (refused.Status, await streams.GetStateAsync(call)));
        Assert.Contains("is being started", refused.Error.Message, StringComparison.Ordinal);
        await streams.ReleaseLeaseAsync(gone);
        await Wait.Until(async () => (await house.ServerTokenClient(1).Execute(body)).Status == HttpStatusCode.OK, "the question is taken");

        await house.ServerTokenClient().ReadToEnd(await house.ServerTokenClient().Start(question, request));
        Assert.Single(house.Model.RequestsFor(question));
    }

    [Fact]
    public async Task A_day_later_the_request_id_may_be_used_again()
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var call = await house.ServerTokenClient().Start(question, request);
        await house.ServerTokenClient().ReadToEnd(call);
        await using (var chat = await (await MedCorFixture.Get()).OpenDatabase("chat"))
        await using (var age = new Npgsql.NpgsqlCommand("UPDATE chat_calls SET created_at = created_at - interval '24 hours' WHERE id = $1", chat)
        {
            Parameters = { new() { Value = call } },
        })
            Assert.Equal(1, await age.ExecuteNonQueryAsync());
        await Forget(Of(request));

        var again = await house.ServerTokenClient().Start(question, request);

        Assert.NotEqual(call, again);
        await house.ServerTokenClient().ReadToEnd(again);
        Assert.Equal(2, house.Model.RequestsFor(question).Length);
    }

    /// <summary>Returns the pattern of the Redis key of a request ID, by default for any owner.</summary>
    private static string Of(string request, string owner = "*") =>
        $"medcor:chat:request:{owner}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";

    private static async Task Forget(params string[] patterns)
    {
        // Scanning all keys takes longer the more keys other tests have left behind.
        using var redis = await ConnectionMultiplexer.ConnectAsync((await MedCorFixture.Get()).RedisConnectionString + ",allowAdmin=true,syncTimeout=30000");
        foreach (var pattern in patterns)
            foreach (var key in redis.GetServer(redis.GetEndPoints()[0]).Keys(pattern: pattern)) await redis.GetDatabase().KeyDeleteAsync(key);
    }
}
