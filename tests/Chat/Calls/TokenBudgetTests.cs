using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.ServiceDefaults.Tools;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.EndToEnd.Catalogue;
using MedCor.Tests.Gateway;
using MedCor.Tests.Identity;
using Npgsql;

namespace MedCor.Tests.Chat.Calls;

/// <summary>Nobody has more of the model than their share of the day, or more answers at once than is fair, however many replicas they ask.</summary>
public sealed class TokenBudgetTests(TokenBudgetTests.Replicas replicas) : IClassFixture<TokenBudgetTests.Replicas>
{
    private const int UserTokens = 10_000, HospitalTokens = 15_000, LongestAnswer = 4000, CallsAtOnce = 4;

    [Fact]
    public async Task Who_has_used_their_tokens_is_refused_before_the_model_is_asked_and_others_are_not()
    {
        var (greedy, other) = (await Newcomer.New(), await Newcomer.New());
        await Use(greedy, 9_000, 1_000);

        var question = ChatHouse.Question();
        using var refused = await replicas.Ask(greedy, question);
        var error = (await refused.Content.ReadFromJsonAsync<JsonNode>())!["error"]!;

        Assert.Equal(((HttpStatusCode)429, "RATE_LIMIT", "RateLimitError"), (refused.StatusCode, (string?)error["error_code"], (string?)error["type"]));
        Assert.Contains($"Your {UserTokens} tokens of today are used up", (string?)error["message"], StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));
        await Use(other, 100, 100);
        Assert.Empty(replicas.Model.Asked(question));
    }

    [Fact]
    public async Task Who_repeats_a_request_hears_of_their_call_though_their_tokens_are_used_up()
    {
        var (somebody, question, request) = (await Newcomer.New(), ChatHouse.Question(), Guid.NewGuid().ToString());
        replicas.Model.When(question, model => model.SayAndCount(ModelServer.Usual, 5_000, UserTokens));
        var call = await replicas.As(somebody).Ask(question, request);
        await replicas.As(somebody).Read(call);

        Assert.Equal((call, "finished"), await replicas.As(somebody).Begin(question, request));
    }

    [Fact]
    public async Task The_next_day_there_are_tokens_again()
    {
        var somebody = await Newcomer.New();
        await Use(somebody, UserTokens, 1);
        using (var refused = await replicas.Ask(somebody, ChatHouse.Question())) Assert.Equal((HttpStatusCode)429, refused.StatusCode);

        await Sql("UPDATE chat_usage SET day = day - 1 WHERE owner_id = $1", somebody.Id);

        await Use(somebody, 10, 10);
    }

    [Fact]
    public async Task A_hospitals_tokens_are_those_of_all_its_users_and_of_nobody_else()
    {
        var hospital = await Newcomer.Hospital();
        var (one, two, elsewhere) = (await Newcomer.In(hospital), await Newcomer.In(hospital), await Newcomer.New());
        await Use(one, 8_000, 0);
        await Use(two, 7_000, 0);

        foreach (var member in new[] { one, two })
        {
            using var refused = await replicas.Ask(member, ChatHouse.Question());
            Assert.Equal((HttpStatusCode)429, refused.StatusCode);
            Assert.Contains($"Your hospital's {HospitalTokens} tokens of today are used up", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        await Use(elsewhere, 1, 1);
    }

    [Fact]
    public async Task The_server_token_has_tokens_of_its_own()
    {
        var user = await Newcomer.New();
        // A single one a day, which other tests may have used.
        using (await replicas.Ask(null, ChatHouse.Question())) { }

        using var refused = await replicas.Ask(null, ChatHouse.Question());

        Assert.Equal((HttpStatusCode)429, refused.StatusCode);
        Assert.Contains("The server token's 1 tokens of today are used up", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Use(user, 1, 1);
    }

    [Fact]
    public async Task Of_many_who_ask_at_once_at_every_replica_only_one_may_exceed_the_tokens()
    {
        var somebody = await Newcomer.New();
        var question = ChatHouse.Question();
        var goOn = replicas.Model.PauseAfter(question, [], "Done");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => replicas.Ask(somebody, question)));

        // What each may take at most: more than a third of the day's, less than a half.
        Assert.Equal(3, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.All(answers.Where(a => a.StatusCode != HttpStatusCode.OK), a => Assert.Equal((HttpStatusCode)429, a.StatusCode));
        goOn.SetResult();
        foreach (var answer in answers.Where(a => a.IsSuccessStatusCode))
            await replicas.As(somebody).Read(Guid.Parse((string)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["call_id"]!));
        // What they did not take is theirs again.
        Assert.InRange(await UsedBy(somebody), 3 * 300, 3 * 800);
        await Use(somebody, 10, 10);
    }

    [Fact]
    public async Task No_more_answers_are_written_at_once_for_one_user_over_all_replicas()
    {
        var somebody = await Newcomer.New();
        var question = ChatHouse.Question();
        var goOn = replicas.Model.PauseAfter(question, [], "Done");

        var answers = await Task.WhenAll(Enumerable.Range(0, 3 * CallsAtOnce).Select(_ => replicas.Ask(somebody, question, maxTokens: 1)));

        var calls = await Task.WhenAll(answers.Where(a => a.IsSuccessStatusCode).Select(async a => Guid.Parse((string)(await a.Content.ReadFromJsonAsync<JsonNode>())!["call_id"]!)));
        Assert.Equal(CallsAtOnce, calls.Length);
        Assert.All(answers.Where(a => !a.IsSuccessStatusCode), a => Assert.Equal(((HttpStatusCode)429, TimeSpan.FromSeconds(5)), (a.StatusCode, a.Headers.RetryAfter?.Delta)));
        await replicas.As(somebody).Cancel(calls[0]);
        using (var another = await replicas.Ask(somebody, question, maxTokens: 1)) Assert.Equal(HttpStatusCode.OK, another.StatusCode);
        goOn.SetResult();
        foreach (var call in calls) await replicas.As(somebody).Read(call);
    }

    [Fact]
    public async Task What_the_model_counts_is_charged_otherwise_an_estimate_and_for_a_refusal_nothing()
    {
        var somebody = await Newcomer.New();
        await Use(somebody, 1_234, 567);
        Assert.Equal(1_801, await UsedBy(somebody));

        string[] questions = [ChatHouse.Question(), ChatHouse.Question(), ChatHouse.Question()];
        replicas.Model.When(questions[0], model => model.Refuse(HttpStatusCode.BadRequest));
        await replicas.As(somebody).Read(await replicas.As(somebody).Ask(questions[0]));
        Assert.Equal(1_801, await UsedBy(somebody));

        await replicas.As(somebody).Read(await replicas.As(somebody).Ask(questions[1]));
        var estimated = await UsedBy(somebody) - 1_801;
        // Four bytes a token: of MedCor's rules, the question and the answer.
        var written = replicas.Model.Asked(questions[1])[0].Messages.Sum(m => m.Content.Length) + string.Concat(ModelServer.Usual).Length;
        Assert.InRange(estimated, written / 4, written / 4 + 20);

        // Who lets go of the model before its first word has still had it read the question.
        replicas.Model.When(questions[2], model => model.Hang());
        var cancelled = await replicas.As(somebody).Ask(questions[2]);
        await replicas.Model.NextAsked(questions[2]);
        await replicas.As(somebody).Cancel(cancelled);
        await Wait.Until(async () => await CancelCallsTests.StateOf(cancelled) == "CANCELLED", "it is kept");
        Assert.InRange(await UsedBy(somebody) - 1_801 - estimated, estimated - 20, estimated);
    }

    [Fact]
    public async Task Who_belongs_to_no_hospital_is_charged_alone()
    {
        var platform = await Client.Shared(Somebody.Platform);
        await Use(platform, 20, 30);

        Assert.Equal(await (await RunningHouse.Get()).Count("chat", "SELECT sum(tokens_charged) FROM chat_calls WHERE owner_id = $1", platform.Id), await UsedBy(platform));
    }

    [Theory]
    [InlineData("MCP_MAX_CHAT_CALLS", "-1")]
    [InlineData("MCP_CHAT_DAILY_TOKENS_USER", "-5")]
    [InlineData("OPENAI_MAX_TOKENS", "0")]
    public async Task A_bound_that_cannot_be_meant_stops_the_start(string variable, string value) =>
        Assert.Contains($"{variable} must be", await OwnGateway.RefusalOf("chat", (variable, value)), StringComparison.Ordinal);

    /// <summary>Asks, for so many tokens, and reads the answer.</summary>
    private async Task Use(Client somebody, int read, int written)
    {
        var question = ChatHouse.Question();
        replicas.Model.When(question, model => model.SayAndCount(ModelServer.Usual, read, written));
        Assert.Equal("final", (await replicas.As(somebody).Read(await replicas.As(somebody).Ask(question)))[^1].Name);
    }

    private static async Task<long> UsedBy(Client somebody) => await (await RunningHouse.Get()).Count("chat", "SELECT sum(tokens) FROM chat_usage WHERE owner_id = $1", somebody.Id);

    private static async Task Sql(string sql, object value)
    {
        await using var chat = await (await RunningHouse.Get()).Database("chat");
        await using var command = new NpgsqlCommand(sql, chat) { Parameters = { new() { Value = value } } };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>People and hospitals of a test's own.</summary>
    private static class Newcomer
    {
        public static async Task<Guid> Hospital()
        {
            var opening = ToolCatalogue.All["create_hospital"];
            var opened = await (await Client.Shared(Somebody.Platform)).Post(opening, await new Draft(opening).Fill([], Task.FromResult));
            return (Guid)opened.Body["id"]!;
        }

        /// <summary>Somebody alone in a hospital.</summary>
        public static async Task<Client> New() => await In(await Hospital());

        public static async Task<Client> In(Guid hospital)
        {
            var (email, password) = (Somebody.NewEmail(), "Korrekt-Pferd-7");
            await (await Client.Shared(Somebody.Platform)).Do("create_user", new { email, password, first_name = "Robin", last_name = "Testperson", role = "PATIENT", hospital_id = hospital });
            return await Client.As(email, password);
        }
    }

    /// <summary>Two replicas of Chat with small budgets, and a gateway before them.</summary>
    public sealed class Replicas : IAsyncLifetime
    {
        private readonly List<OwnGateway> processes = [];

        internal ModelServer Model { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            await RunningHouse.Get();
            Model = await ModelServer.Start();
            (string, string?)[] bounds =
            [
                ("MCP_CHAT_DAILY_TOKENS_USER", $"{UserTokens}"), ("MCP_CHAT_DAILY_TOKENS_HOSPITAL", $"{HospitalTokens}"), ("MCP_CHAT_DAILY_TOKENS_SERVER", "1"), ("OPENAI_MAX_TOKENS", $"{LongestAnswer}"),
                // As it is by itself.
                ("MCP_MAX_CHAT_CALLS", null),
            ];
            processes.AddRange(await Task.WhenAll(ChatHouse.StartChat(Model.Address, bounds), ChatHouse.StartChat(Model.Address, bounds)));
            processes.Add(await ChatHouse.StartGateway(processes));
        }

        internal Chatter As(Client somebody) => new(processes[^1].Http, somebody.AccessToken);

        /// <summary>Asks as a user, or with the server token.</summary>
        internal Task<HttpResponseMessage> Ask(Client? somebody, string question, int? maxTokens = null)
        {
            var body = new { messages = new[] { new { role = "user", content = question } }, max_tokens = maxTokens };
            return processes[^1].Post(somebody, "/mcp/execute", body, somebody is null ? [("Authorization", $"Bearer {Chatter.ServerToken}")] : []);
        }

        public async Task DisposeAsync()
        {
            foreach (var process in Enumerable.Reverse(processes)) await process.DisposeAsync();
            await Model.DisposeAsync();
        }
    }
}
