using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using Npgsql;

namespace MedCor.Tests.Services.Chat.Runs;

/// <summary>Tests the daily token budgets and the limit on concurrent answers, which hold across all replicas.</summary>
public sealed class TokenBudgetTests(TokenBudgetTests.BudgetFixture replicas) : IClassFixture<TokenBudgetTests.BudgetFixture>
{
    private const int UserTokens = 10_000, HospitalTokens = 15_000, LongestAnswer = 4000, CallsAtOnce = 4;

    [Fact]
    public async Task A_user_with_an_exhausted_budget_is_refused_before_the_model_is_called_and_others_are_not()
    {
        var (greedy, other) = (await NewUsers.CreateWithHospital(), await NewUsers.CreateWithHospital());
        await Use(greedy, 9_000, 1_000);

        var question = ChatFixture.NewQuestion();
        using var refused = await replicas.Execute(greedy, question);
        var error = (await refused.Content.ReadFromJsonAsync<ChatErrorEnvelope>(Json.Options))!.Error;

        Assert.Equal(((HttpStatusCode)429, "RATE_LIMIT", "RateLimitError"), (refused.StatusCode, error.ErrorCode, error.Type));
        Assert.Contains($"Your daily limit of {UserTokens} tokens is used up", error.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));
        await Use(other, 100, 100);
        Assert.Empty(replicas.Model.RequestsFor(question));
    }

    [Fact]
    public async Task A_repeated_request_returns_its_run_even_when_the_budget_is_exhausted()
    {
        var (somebody, question, request) = (await NewUsers.CreateWithHospital(), ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        replicas.Model.OnQuestion(question, model => model.SendAnswerWithUsage(StubModelServer.DefaultTokens, 5_000, UserTokens));
        var call = await replicas.ClientFor(somebody).Start(question, request);
        await replicas.ClientFor(somebody).ReadToEnd(call);

        Assert.Equal((call, "finished"), await replicas.ClientFor(somebody).StartWithStatus(question, request));
    }

    [Fact]
    public async Task The_next_day_there_are_tokens_again()
    {
        var somebody = await NewUsers.CreateWithHospital();
        await Use(somebody, UserTokens, 1);
        using (var refused = await replicas.Execute(somebody, ChatFixture.NewQuestion())) Assert.Equal((HttpStatusCode)429, refused.StatusCode);

        await Sql("UPDATE chat_usage SET day = day - 1 WHERE owner_id = $1", somebody.Id);

        await Use(somebody, 10, 10);
    }

    [Fact]
    public async Task A_hospitals_tokens_are_those_of_all_its_users_and_of_nobody_else()
    {
        var hospital = await NewUsers.CreateHospital();
        var (one, two, elsewhere) = (await NewUsers.CreateIn(hospital), await NewUsers.CreateIn(hospital), await NewUsers.CreateWithHospital());
        await Use(one, 8_000, 0);
        await Use(two, 7_000, 0);

        foreach (var member in new[] { one, two })
        {
            using var refused = await replicas.Execute(member, ChatFixture.NewQuestion());
            Assert.Equal((HttpStatusCode)429, refused.StatusCode);
            Assert.Contains($"Your hospital's daily limit of {HospitalTokens} tokens is used up", await refused.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        }
        await Use(elsewhere, 1, 1);
    }

    [Fact]
    public async Task The_server_token_has_tokens_of_its_own()
    {
        var user = await NewUsers.CreateWithHospital();
        // The budget is a single token a day, which other tests may have used already.
        using (await replicas.Execute(null, ChatFixture.NewQuestion())) { }

        using var refused = await replicas.Execute(null, ChatFixture.NewQuestion());

        Assert.Equal((HttpStatusCode)429, refused.StatusCode);
        Assert.Contains("The server token's daily limit of 1 tokens is used up", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await Use(user, 1, 1);
    }

    [Fact]
    public async Task Of_many_concurrent_requests_at_all_replicas_at_most_one_exceeds_the_budget()
    {
        var somebody = await NewUsers.CreateWithHospital();
        var question = ChatFixture.NewQuestion();
        var goOn = replicas.Model.PauseAfter(question, [], "Done");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => replicas.Execute(somebody, question)));

        // Each request reserves its maximum, which is more than a third and less than half of the day's budget, so only the third exceeds it.
        Assert.Equal(3, answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.All(answers.Where(a => a.StatusCode != HttpStatusCode.OK),
            a => Assert.True(a.StatusCode == HttpStatusCode.TooManyRequests, $"{a.StatusCode}\n{replicas.Output}"));
        goOn.SetResult();
        foreach (var answer in answers.Where(a => a.IsSuccessStatusCode))
            await replicas.ClientFor(somebody).ReadToEnd((await answer.Content.ReadFromJsonAsync<ChatCall>(Json.Options))!.CallId);
        // The unused part of a reservation is returned.
        Assert.InRange(await UsedBy(somebody), 3 * 300, 3 * 800);
        await Use(somebody, 10, 10);
    }

    [Fact]
    public async Task No_more_answers_are_written_at_once_for_one_user_over_all_replicas()
    {
        var somebody = await NewUsers.CreateWithHospital();
        var question = ChatFixture.NewQuestion();
        var goOn = replicas.Model.PauseAfter(question, [], "Done");

        var answers = await Task.WhenAll(Enumerable.Range(0, 3 * CallsAtOnce).Select(_ => replicas.Execute(somebody, question, maxTokens: 1)));

        var calls = await Task.WhenAll(
            answers.Where(a => a.IsSuccessStatusCode).Select(async a => (await a.Content.ReadFromJsonAsync<ChatCall>(Json.Options))!.CallId));
        Assert.Equal(CallsAtOnce, calls.Length);
        Assert.All(answers.Where(a => !a.IsSuccessStatusCode),
            a => Assert.Equal(((HttpStatusCode)429, TimeSpan.FromSeconds(5)), (a.StatusCode, a.Headers.RetryAfter?.Delta)));
        await replicas.ClientFor(somebody).Cancel(calls[0]);
        using (var another = await replicas.Execute(somebody, question, maxTokens: 1)) Assert.Equal(HttpStatusCode.OK, another.StatusCode);
        goOn.SetResult();
        foreach (var call in calls) await replicas.ClientFor(somebody).ReadToEnd(call);
    }

    [Fact]
    public async Task Reported_token_usage_is_charged_an_estimate_without_it_and_nothing_for_a_refusal()
    {
        var somebody = await NewUsers.CreateWithHospital();
        await Use(somebody, 1_234, 567);
        Assert.Equal(1_801, await UsedBy(somebody));

        string[] questions = [ChatFixture.NewQuestion(), ChatFixture.NewQuestion(), ChatFixture.NewQuestion()];
        replicas.Model.OnQuestion(questions[0], model => model.SendError(HttpStatusCode.BadRequest));
        await replicas.ClientFor(somebody).ReadToEnd(await replicas.ClientFor(somebody).Start(questions[0]));
        Assert.Equal(1_801, await UsedBy(somebody));

        await replicas.ClientFor(somebody).ReadToEnd(await replicas.ClientFor(somebody).Start(questions[1]));
        var estimated = await UsedBy(somebody) - 1_801;
        // Four bytes per token, over MedCor's rules, the question and the answer.
        var written = replicas.Model.RequestsFor(questions[1])[0].Messages.Sum(m => m.Content.Length) + string.Concat(StubModelServer.DefaultTokens).Length;
        Assert.InRange(estimated, written / 4, written / 4 + 20);

        // A run that is canceled before the first token is charged for the question, which the model has read.
        replicas.Model.OnQuestion(questions[2], model => model.HangUntilAborted());
        var cancelled = await replicas.ClientFor(somebody).Start(questions[2]);
        await replicas.Model.WaitForRequest(questions[2]);
        await replicas.ClientFor(somebody).Cancel(cancelled);
        await Wait.Until(async () => await ChatRunCancellerTests.StateOf(cancelled) == "CANCELLED", "it is kept");
        Assert.InRange(await UsedBy(somebody) - 1_801 - estimated, estimated - 20, estimated);
    }

    [Fact]
    public async Task A_run_that_calls_tools_is_charged_each_round_and_ends_when_the_budget_is_exhausted()
    {
        var hospital = await NewUsers.CreateHospital();
        await (await ApiClient.LogInShared(TestUser.PlatformAdminEmail)).Call("update_chat_policy", new { hospital_id = hospital, tools_enabled = true });
        var somebody = await NewUsers.CreateIn(hospital);
        var question = ChatFixture.NewQuestion();
        replicas.Model.OnQuestion(question, model => model.CallTool("list_specialties", new { }, usage: (5_000, 100)));

        var events = await replicas.ClientFor(somebody).ReadToEnd(await replicas.ClientFor(somebody).StartWithTools(question));

        Assert.Equal(["tool_call", "tool_result", "tool_call", "tool_result", "error"], events.Select(e => e.Name));
        Assert.Equal(("RATE_LIMIT", true), (events[^1].ErrorCode, events[^1].IsRetryable));
        Assert.Equal(2 * 5_100, await UsedBy(somebody));
        Assert.Equal(2, replicas.Model.RequestsFor(question).Length);
    }

    [Fact]
    public async Task A_user_without_a_hospital_is_charged_individually()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        await Use(platform, 20, 30);

        Assert.Equal(await (await MedCorFixture.Get()).QueryNumber("chat", "SELECT sum(tokens_charged) FROM chat_calls WHERE owner_id = $1", platform.Id),
            await UsedBy(platform));
    }

    [Theory]
    [InlineData("MCP_MAX_CHAT_CALLS", "-1")]
    [InlineData("MCP_CHAT_DAILY_TOKENS_USER", "-5")]
    [InlineData("OPENAI_MAX_TOKENS", "0")]
    public async Task An_invalid_limit_prevents_the_start(string variable, string value) =>
        Assert.Contains($"{variable} must be", await ServiceProcess.RunServiceToFailure("chat", (variable, value)), StringComparison.Ordinal);

    /// <summary>Asks a question whose answer reports the given token usage, and reads the answer.</summary>
    private async Task Use(ApiClient somebody, int read, int written)
    {
        var question = ChatFixture.NewQuestion();
        replicas.Model.OnQuestion(question, model => model.SendAnswerWithUsage(StubModelServer.DefaultTokens, read, written));
        Assert.Equal("final", (await replicas.ClientFor(somebody).ReadToEnd(await replicas.ClientFor(somebody).Start(question)))[^1].Name);
    }

    private static async Task<long> UsedBy(ApiClient somebody) =>
        await (await MedCorFixture.Get()).QueryNumber("chat", "SELECT sum(tokens) FROM chat_usage WHERE owner_id = $1", somebody.Id);

    private static async Task Sql(string sql, object value)
    {
        await using var chat = await (await MedCorFixture.Get()).OpenDatabase("chat");
        await using var command = new NpgsqlCommand(sql, chat) { Parameters = { new() { Value = value } } };
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Creates users and hospitals for a single test.</summary>
    private static class NewUsers
    {
        public static async Task<Guid> CreateHospital()
        {
            var opening = ToolCatalogue.All["create_hospital"];
            var opened = await (await ApiClient.LogInShared(TestUser.PlatformAdminEmail)).Post(opening,
                await new ParameterGenerator(opening).Generate([], Task.FromResult));
            return opened.Read<Contracts.Hospital.Hospital>().Id;
        }

        /// <summary>Creates a user who is alone in a hospital.</summary>
        public static async Task<ApiClient> CreateWithHospital() => await CreateIn(await CreateHospital());

        public static async Task<ApiClient> CreateIn(Guid hospital)
        {
            var (email, password) = (TestUser.NewEmail(), "Korrekt-Pferd-7");
            await (await ApiClient.LogInShared(TestUser.PlatformAdminEmail)).Call("create_user",
                new { email, password, first_name = "Robin", last_name = "Testperson", role = "PATIENT", hospital_id = hospital });
            return await ApiClient.LogIn(email, password);
        }
    }

    /// <summary>Runs two replicas of Chat with small budgets, and a gateway in front of them.</summary>
    public sealed class BudgetFixture : IAsyncLifetime
    {
        private readonly List<ServiceProcess> _processes = [];

        internal StubModelServer Model { get; private set; } = null!;

        /// <summary>Gets what the processes have logged.</summary>
        internal string Output => string.Join('\n', _processes.Select(process => process.Output));

        public async Task InitializeAsync()
        {
            await MedCorFixture.Get();
            Model = await StubModelServer.Start();
            (string, string?)[] bounds =
            [
                ("MCP_CHAT_DAILY_TOKENS_USER", $"{UserTokens}"), ("MCP_CHAT_DAILY_TOKENS_HOSPITAL", $"{HospitalTokens}"), ("MCP_CHAT_DAILY_TOKENS_SERVER", "1"),
                ("OPENAI_MAX_TOKENS", $"{LongestAnswer}"),
                // The default.
                ("MCP_MAX_CHAT_CALLS", null),
            ];
            _processes.AddRange(await Task.WhenAll(ChatFixture.StartChat(Model.Address, bounds), ChatFixture.StartChat(Model.Address, bounds)));
            _processes.Add(await ChatFixture.StartGateway(_processes));
        }

        internal ChatStreamClient ClientFor(ApiClient somebody) => new(_processes[^1].Http, somebody.AccessToken);

        /// <summary>Asks a question as a user, or with the server token when no user is given.</summary>
        internal Task<HttpResponseMessage> Execute(ApiClient? somebody, string question, int? maxTokens = null)
        {
            var body = new { messages = new[] { new { role = "user", content = question } }, max_tokens = maxTokens };
            return _processes[^1].Post(somebody, "/mcp/execute", body, somebody is null ? [("Authorization", $"Bearer {ChatStreamClient.ServerToken}")] : []);
        }

        public async Task DisposeAsync()
        {
            foreach (var process in Enumerable.Reverse(_processes)) await process.DisposeAsync();
            await Model.DisposeAsync();
        }
    }
}
