using System.Net;

namespace MedCor.Tests.Services.Chat.LanguageModel;

/// <summary>Tests how failures of the model are handled: every chat run ends, with an error message that is readable and reveals no internals.</summary>
[Collection(nameof(ChatCollection))]
public class ChatModelClientTests(ChatFixture system)
{
    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "key", false)]
    [InlineData(HttpStatusCode.Forbidden, "key", false)]
    [InlineData(HttpStatusCode.NotFound, "does not exist", false)]
    [InlineData(HttpStatusCode.BadRequest, "rejected the question", false)]
    public async Task Permanent_failures_are_reported_at_once_and_not_retried(HttpStatusCode status, string says, bool retryable)
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.SendError(status));

        var error = Assert.Single(await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question)));

        ExpectError(error, says, retryable);
        Assert.Single(system.Model.RequestsFor(question));
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.BadGateway)]
    [InlineData(HttpStatusCode.ServiceUnavailable)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task Transient_failures_are_retried_before_the_first_token(HttpStatusCode status)
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.Attempt < 3 ? model.SendError(status) : model.SendAnswer(StubModelServer.DefaultTokens));

        var told = await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question));

        Assert.Equal(string.Concat(StubModelServer.DefaultTokens), told[^1].Text);
        Assert.Equal(3, system.Model.RequestsFor(question).Length);
    }

    [Fact]
    public async Task A_connection_that_is_cut_before_the_first_token_is_tried_again()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.Attempt < 3 ? model.Abort() : model.SendAnswer(StubModelServer.DefaultTokens));

        Assert.Equal("final", (await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question)))[^1].Name);
    }

    [Fact]
    public async Task A_model_that_gives_up_before_the_first_token_is_asked_again()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.Attempt < 3 ? model.SendUnknownFinishReason() : model.SendAnswer(StubModelServer.DefaultTokens));

        Assert.Equal("final", (await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question)))[^1].Name);
    }

    [Fact]
    public async Task A_model_that_gives_up_midway_is_told()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, async model =>
        {
            await model.SendToken("Anemia");
            await model.SendUnknownFinishReason();
        });

        ExpectError((await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question)))[^1], "was closed", retryable: true);
    }

    [Fact]
    public async Task A_failure_that_persists_is_reported_after_the_retries()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.SendError(HttpStatusCode.InternalServerError));

        var error = Assert.Single(await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question)));

        ExpectError(error, "the model failed", retryable: true);
        Assert.Equal(4, system.Model.RequestsFor(question).Length);
    }

    [Fact]
    public async Task The_wait_that_the_model_asks_for_is_kept_when_it_is_short()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question,
            model => model.Attempt < 2 ? model.SendError(HttpStatusCode.TooManyRequests, retryAfter: "2") : model.SendAnswer(StubModelServer.DefaultTokens));
        var watch = System.Diagnostics.Stopwatch.StartNew();

        Assert.Equal("final", (await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question)))[^1].Name);
        Assert.True(watch.Elapsed > TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_long_wait_is_told_to_the_reader()
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, model => model.SendError(HttpStatusCode.TooManyRequests, retryAfter: "120"));

        var error = Assert.Single(await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question)));

        ExpectError(error, "Rate limit exceeded. Try again in 120 seconds.", retryable: true);
        Assert.Equal(120, (int)error.Data["retry_after"]!);
        Assert.Single(system.Model.RequestsFor(question));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_breaks_off_midway_ends_with_an_error_and_is_not_asked_again(bool inGoodOrder)
    {
        var question = ChatFixture.NewQuestion();
        var cut = new TaskCompletionSource();
        system.Model.OnQuestion(question, async model =>
        {
            await model.SendToken("Anemia");
            await model.WaitFor(cut.Task);
            if (!inGoodOrder) await model.Abort();
        });
        var call = await system.ServerTokenClient().Start(question);
        // Data that a connection still buffers may be lost when the connection is cut.
        using (var open = await system.ServerTokenClient().OpenStream(call)) await ChatStreamClient.ReadEvents(open).FirstAsync();

        cut.SetResult();
        var told = await system.ServerTokenClient().ReadToEnd(call);

        Assert.Equal(["partial", "error"], told.Select(t => t.Name));
        ExpectError(told[^1], "was closed", retryable: true);
        Assert.Single(system.Model.RequestsFor(question));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_model_that_stalls_is_let_go_of_and_not_asked_again(int tokens)
    {
        var question = ChatFixture.NewQuestion();
        system.Model.OnQuestion(question, async model =>
        {
            foreach (var token in StubModelServer.DefaultTokens[..tokens]) await model.SendToken(token);
            await model.HangUntilAborted();
        });

        var told = await system.ServerTokenClient().ReadToEnd(await system.ServerTokenClient().Start(question));

        Assert.Equal(tokens + 1, told.Length);
        ExpectError(told[^1], "stopped answering", retryable: true);
        await Assert.Single(system.Model.RequestsFor(question)).Aborted.WaitAsync(ChatFixture.ReaderTimeout);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_told_and_after_many_tries_nothing_is_begun_for_a_while()
    {
        await using var chat = await ChatFixture.StartChat($"http://127.0.0.1:{ServiceProcess.FreePort()}/v1");
        await using var gateway = await ChatFixture.StartGateway([chat]);
        var somebody = new ChatStreamClient(gateway.Http, ChatStreamClient.ServerToken);

        ExpectError(Assert.Single(await somebody.ReadToEnd(await somebody.Start(ChatFixture.NewQuestion()))), "cannot be reached", retryable: true);

        ChatResponse? refused = null;
        await Wait.Until(async () =>
        {
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 6).Select(_ => somebody.Execute(new { messages = new[] { new { role = "user", content = ChatFixture.NewQuestion() } } })));
            refused = answers.FirstOrDefault(a => a.Status != HttpStatusCode.OK);
            return refused is not null;
        }, "nothing is begun any more");
        Assert.Equal((HttpStatusCode.BadGateway, "OPENAI_ERROR", "OpenAIError"),
            (refused!.Status, refused.Error.ErrorCode, refused.Error.Type));
    }

    [Fact]
    public async Task Without_a_key_nothing_is_begun_and_the_readiness_says_why()
    {
        await using var chat = await ChatFixture.StartChat("http://127.0.0.1:9/v1", ("OPENAI_API_KEY", null));
        await using var gateway = await ChatFixture.StartGateway([chat]);
        var somebody = new ChatStreamClient(gateway.Http, ChatStreamClient.ServerToken);

        await Wait.Until(
            async () => (await somebody.Send(HttpMethod.Get, "/readyz")).Body!.ToJsonString() == """{"ready":false,"reasons":["missing OPENAI_API_KEY"]}""",
            "the key alone is missing");
        var (ready, _) = await somebody.Send(HttpMethod.Get, "/readyz");
        var refused = await somebody.Execute(new { messages = new[] { new { role = "user", content = "What is anemia?" } } });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "missing OPENAI_API_KEY"), (refused.Status, refused.Error.Message));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_callers_settings_are_passed_to_the_model_in_either_request_form(bool whole)
    {
        string[] questions = [ChatFixture.NewQuestion(), ChatFixture.NewQuestion()];
        object wishes = new
        {
            messages = new[] { new { role = "user", content = questions[0] } }, model = "gpt-4o", max_tokens = 321, temperature = 0.2, stream = true
        };
        var (status, body) = await system.ServerTokenClient().Execute(whole ? new { tool = "openai_chat", input = wishes } : wishes);
        Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
        await system.ServerTokenClient().Start(questions[1]);

        var (named, usual) = (await system.Model.WaitForRequest(questions[0]), await system.Model.WaitForRequest(questions[1]));

        Assert.Equal(("gpt-4o", 321, true), ((string?)named.Request["model"], (int)named.Request["max_tokens"]!, (bool)named.Request["stream"]!));
        Assert.Equal(0.2, (double)named.Request["temperature"]!, precision: 6);
        // The length of an answer is limited even when the caller sets no limit.
        Assert.Equal(("test-model", 4096, null), ((string?)usual.Request["model"], (int)usual.Request["max_tokens"]!, usual.Request["temperature"]));
    }

    [Fact]
    public async Task The_name_that_the_documents_of_this_API_show_stands_for_whatever_model_is_configured()
    {
        var question = ChatFixture.NewQuestion();
        await system.ServerTokenClient()
            .Execute(new
            {
                tool = "openai_chat", input = new { messages = new[] { new { role = "user", content = question } }, model = "gpt-4o-mini", max_tokens = 512 }
            });

        Assert.Equal("test-model", (string?)(await system.Model.WaitForRequest(question)).Request["model"]);
    }

    [Fact]
    public async Task No_other_model_and_no_longer_answer_is_to_be_had_than_the_server_allows()
    {
        var question = ChatFixture.NewQuestion();
        var refused = await system.ServerTokenClient()
            .Execute(new
            {
                tool = "openai_chat", input = new { messages = new[] { new { role = "user", content = question } }, model = "gpt-5-pro", max_tokens = 4097 }
            });

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "VALIDATION_ERROR"), (refused.Status, refused.Error.ErrorCode));
        Assert.Contains("input.model must be one of test-model, gpt-4o, other/model", refused.Error.Message, StringComparison.Ordinal);
        Assert.Contains("input.max_tokens must be between 1 and 4096", refused.Error.Message, StringComparison.Ordinal);
        Assert.Empty(system.Model.RequestsFor(question));
    }

    private static void ExpectError(ChatEvent error, string says, bool retryable)
    {
        Assert.Equal(("error", "OPENAI_ERROR", retryable), (error.Name, error.ErrorCode, error.IsRetryable));
        Assert.StartsWith("OpenAI API error: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("internal words", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(StubModelServer.Key, error.Data.ToJsonString(), StringComparison.Ordinal);
    }
}
