using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.Services.Chat.Runs;

/// <summary>Tests that requests of clients of OpenAI's API are accepted where they make sense, and otherwise refused with the field and the reason.</summary>
[Collection(nameof(ChatCollection))]
public class ExecuteRequestTests(ChatFixture house)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Text_in_parts_is_the_same_question_as_the_text_that_they_make(bool whole)
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var call = await house.ServerTokenClient().Start(question, request);
        object parts = new { messages = new[] { new { role = "user", content = new[] { Part(question[..7]), Part(question[7..]) } } } };

        var again = await house.ServerTokenClient(1).Execute(whole
            ? new { tool = "openai_chat", input = parts, request_id = request }
            : new { messages = new[] { new { role = "user", content = new[] { Part(question) } } }, request_id = request });

        Assert.Equal((HttpStatusCode.OK, call), (again.Status, again.Read<ChatCall>().CallId));
        Assert.Equal(("user", question), (await house.Model.WaitForRequest(question)).Messages[^1]);
    }

    [Fact]
    public async Task Parts_are_joined_as_they_stand_in_every_role()
    {
        var question = ChatFixture.NewQuestion();
        var roles = new[] { "developer", "user", "assistant" };
        var messages = roles.Select(role => (object)new { role, content = new[] { Part("One, "), Part(""), Part("two: ä😀") } })
            .Append(new { role = "user", content = question });

        var (status, body) = await house.ServerTokenClient().Execute(new { messages });

        Assert.True(status == HttpStatusCode.OK, body?.ToJsonString());
        var asked = (await house.Model.WaitForRequest(question)).Messages.Skip(1);
        Assert.Equal([("system", "One, two: ä😀"), ("user", "One, two: ä😀"), ("assistant", "One, two: ä😀"), ("user", question)], asked);
    }

    [Theory]
    [InlineData("""{"type": "image_url", "image_url": {"url": "https://images.example/rash.png"}}""",
        "messages[0].content[1].type must be text. image_url is not supported")]
    [InlineData("""{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}""",
        "messages[0].content[1].type must be text. input_audio is not supported")]
    [InlineData("""{"type": "file", "file": {"file_id": "file-1"}}""", "messages[0].content[1].type must be text. file is not supported")]
    [InlineData("""{"type": "text"}""", "messages[0].content[1].text must be text")]
    [InlineData("""{"type": "text", "text": 7}""", "messages[0].content[1].text must be text")]
    [InlineData("""{"type": "text", "text": "x", "cache": true}""", "messages[0].content[1].cache is not a parameter")]
    [InlineData("""{"text": "x"}""", "messages[0].content[1].type must be text")]
    [InlineData("\"x\"", "messages[0].content[1] must be an object")]
    [InlineData("null", "messages[0].content[1] must be an object")]
    [InlineData("[]", "messages[0].content[1] must be an object")]
    public async Task A_part_that_is_no_text_is_refused_by_name_with_all_else_that_is_wrong(string part, string says)
    {
        foreach (var (form, path) in new[] { ("""{"messages": M, "top_p": 1, "model": "gpt-9", "session_id": ""}""",
            ""), ("""{"tool": "openai_chat", "input": {"messages": M, "top_p": 1, "model": "gpt-9"}, "session_id": ""}""", "input.") })
            await Refused(
                form.Replace("M", $$"""[{"role": "user", "content": [{"type": "text", "text": "Is this"}, {{part}}]}, {"role": "patient", "content": "x"}]""",
                    StringComparison.Ordinal),
                path + says, $"{path}messages[1].role must be", $"{path}top_p is not supported", $"{path}model must be one of", "session_id must have");
    }

    /// <summary>PostgreSQL cannot store U+0000; the text of its JSON escape sequence is ordinary text.</summary>
    [Theory]
    [InlineData("""{"a": "\\u0000", "\\u0000": ["\\\\u0000", 0, null, true]}""", true)]
    [InlineData("""{"a": "\u0000"}""", false)]
    [InlineData("""{"a": [{"b": "x\u0000"}]}""", false)]
    [InlineData("""{"a\u0000": 1}""", false)]
    public async Task Metadata_is_refused_for_the_character_that_cannot_be_kept_alone(string metadata, bool isTaken)
    {
        var answer = await house.ServerTokenClient().Send(HttpMethod.Post, "/mcp/execute", new StringContent(
            $$"""{"messages": [{"role": "user", "content": "{{ChatFixture.NewQuestion()}}"}], "metadata": {{metadata}}}""", null, "application/json"));

        Assert.True(answer.Status == (isTaken ? HttpStatusCode.OK : HttpStatusCode.UnprocessableEntity), answer.Body?.ToJsonString());
        if (!isTaken)
        {
            Assert.Contains("metadata must not contain the character U+0000", answer.Error.Message, StringComparison.Ordinal);
            return;
        }
        var call = answer.Read<ChatCall>().CallId;
        await house.ServerTokenClient().ReadToEnd(call);
        // The server token belongs to no hospital.
        var stored = await StoredTexts.Read("chat", "chat_calls", "metadata", Guid.Empty, call);
        Assert.Equal(1, await (await MedCorFixture.Get()).QueryNumber("chat", "SELECT count(*) WHERE $1::jsonb = $2::jsonb", stored!, metadata));
    }

    [Fact]
    public async Task Parts_that_are_none_are_refused() =>
        await Refused("""{"messages": [{"role": "user", "content": []}, {"role": "user", "content": [{"type": "text", "text": ""}]}]}""",
            "messages[0].content must be text or a list of at least one part");

    [Fact]
    public async Task A_question_without_a_letter_is_refused_in_parts_as_in_text() =>
        await Refused("""{"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}""", "messages[0].content must have 1 to");

    [Theory]
    [InlineData("tool")]
    [InlineData("function")]
    public async Task The_result_of_a_tool_is_refused_with_the_reason(string role) =>
        await Refused($$"""{"messages": [{"role": "user", "content": "x"}, {"role": "{{role}}", "content": "22 °C", "tool_call_id": "1"}]}""",
            "messages[1].role must be system, developer, user or assistant. Tool results are not supported",
            "messages[1].tool_call_id is not supported: the model calls no tools");

    [Theory]
    [InlineData("stream", "false", "stream must be true or left out: answers are always streamed")]
    [InlineData("stream", "\"yes\"", "stream must be true or false")]
    [InlineData("temperature", "1.5", "temperature must be between 0 and 1")]
    [InlineData("max_tokens", "1000000", "max_tokens must be between 1 and 4096")]
    [InlineData("max_tokens", "0", "max_tokens must be between 1 and 4096")]
    [InlineData("max_tokens", "1e400", "max_tokens must be between 1 and 4096")]
    [InlineData("max_tokens", "1.5", "max_tokens must be a whole number")]
    [InlineData("temperature", "\"0\"", "temperature must be a number, not text")]
    [InlineData("max_completion_tokens", "1000000", "max_tokens must be between 1 and 4096")]
    [InlineData("model", "\"gpt-5-pro\"", "model must be one of test-model")]
    [InlineData("tools", "[]", "tools must be true or false beside messages or input: the model calls MedCor's tools and no others")]
    [InlineData("tool_choice", "\"auto\"", "tool_choice is not supported")]
    [InlineData("n", "2", "n is not supported: a request has one answer")]
    [InlineData("top_p", "0.5", "top_p is not supported: callers can set only")]
    [InlineData("response_format", "{\"type\": \"json_object\"}", "response_format is not supported: an answer is plain text")]
    [InlineData("stream_options", "{\"include_usage\": true}", "stream_options is not supported")]
    [InlineData("user", "\"anna\"", "user is not supported: the token identifies the user")]
    [InlineData("sesion_id", "\"x\"", "sesion_id is not a parameter")]
    public async Task A_setting_that_is_not_taken_is_named_with_the_reason_in_either_form(string field, string value, string says)
    {
        const string Messages = """[{"role": "user", "content": "x"}]""";
        await Refused($$"""{"messages": {{Messages}}, "{{field}}": {{value}} }""", says);
        await Refused($$"""{"tool": "openai_chat", "input": {"messages": {{Messages}}, "{{field}}": {{value}} } }""", $"input.{says}");
    }

    [Theory]
    [InlineData("""[{"role": "assistant", "content": "x"}]""")]
    [InlineData("""[{"role": "system", "content": "x"}, {"role": "assistant", "content": "x"}]""")]
    [InlineData("""[{"role": "developer", "content": "x"}]""")]
    public async Task A_question_in_which_no_user_speaks_is_refused(string messages)
    {
        await Refused($$"""{"messages": {{messages}} }""", "messages must contain a message with the role user");
        await Refused($$"""{"tool": "openai_chat", "input": {"messages": {{messages}} } }""", "input.messages must contain a message with the role user");
    }

    [Fact]
    public async Task A_name_or_a_text_that_is_no_text_is_refused()
    {
        await Refused("""{"messages": [{"role": "user", "content": "x"}], "\ud800": 1}""", "Not valid: body must be valid Unicode");
        await Refused("""{"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "\ud800"}]}], "n": 2}""",
            "Not valid: messages[0].content[1].text must be valid Unicode", "n is not supported");
        await Refused("""{"messages": [{"role": "user", "content": "\ud800"}], "model": "\ud800", "request_id": "\udc00"}""",
            "messages[0].content must be valid Unicode", "model must be valid Unicode", "request_id must be valid Unicode");
        await Refused("""{"tool": "\ud800", "input": {"messages": [{"role": "user", "content": [{"type": "\ud800", "text": "x"}]}]}}""",
            "tool must be valid Unicode", "input.messages[0].content[0].type must be valid Unicode");
    }

    [Fact]
    public async Task A_setting_beside_the_input_belongs_into_it() =>
        await Refused(
            """{"tool": "openai_chat", "input": {"messages": [{"role": "user", "content": "x"}]}, "model": "test-model", "temperature": 0, "max_tokens": 5}""",
            "model belongs into input", "temperature belongs into input", "max_tokens belongs into input");

    [Fact]
    public async Task The_newer_name_of_max_tokens_is_taken_and_names_the_same_question()
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        var messages = new[] { new { role = "user", content = question } };
        var (first, second) = (await house.ServerTokenClient().Execute(new { messages, max_tokens = 99, request_id = request }),
            await house.ServerTokenClient().Execute(new { messages, max_completion_tokens = 99, request_id = request }));
        var both = await house.ServerTokenClient().Execute(new { messages, max_tokens = 99, max_completion_tokens = 99 });

        Assert.Equal(first.Read<ChatCall>().CallId, second.Read<ChatCall>().CallId);
        Assert.Equal(99, (int)(await house.Model.WaitForRequest(question)).Request["max_tokens"]!);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, both.Status);
        Assert.Contains("max_completion_tokens is another name for max_tokens", both.Error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("temperature", 0.5)]
    [InlineData("model", "gpt-4o")]
    [InlineData("max_tokens", 7)]
    public async Task The_same_words_with_another_wish_are_another_question(string field, object value)
    {
        var (question, request) = (ChatFixture.NewQuestion(), Guid.NewGuid().ToString());
        await house.ServerTokenClient().Start(question, request);

        var body = new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
            ["request_id"] = request, [field] = JsonValue.Create(value)
        };
        Assert.Equal(HttpStatusCode.Conflict, (await house.ServerTokenClient().Execute(body)).Status);
    }

    private async Task Refused(string body, params string[] says)
    {
        var answer = await house.ServerTokenClient().Send(HttpMethod.Post, "/mcp/execute", new StringContent(body, null, "application/json"));
        Assert.True(answer.Status == HttpStatusCode.UnprocessableEntity, $"{body} was answered {answer.Status}: {answer.Body?.ToJsonString()}");
        Assert.All(says, part => Assert.Contains(part, answer.Error.Message, StringComparison.Ordinal));
    }

    private static object Part(string text) => new { type = "text", text };
}
