using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Runs a gateway whose hospital service is a server that answers as a test says.</summary>
public sealed class ScriptedHospital : IAsyncLifetime
{
    private WebApplication _service = null!;

    public ServiceProcess Gateway { get; private set; } = null!;

    /// <summary>Gets or sets the status with which a hospital is read.</summary>
    public int Status { get; set; } = StatusCodes.Status200OK;

    /// <summary>Gets the parameters and idempotency keys of the calls that would have deactivated a hospital.</summary>
    public ConcurrentQueue<(JsonNode Parameters, string Key)> Deleted { get; } = new();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _service = builder.Build();
        _service.Run(Answer);
        await _service.StartAsync();
        Gateway = await ServiceProcess.Start(("services__hospital__http__0", _service.Urls.Single()), ("services__hospital__http__1", null));
    }

    public async Task DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await _service.DisposeAsync();
    }

    private async Task Answer(HttpContext http)
    {
        if (http.Request.Path == "/tools/delete_hospital")
        {
            var parameters = (await http.Request.ReadFromJsonAsync<JsonNode>())!;
            Deleted.Enqueue((parameters, http.Request.Headers["Idempotency-Key"].ToString()));
            await http.Response.WriteAsJsonAsync(new { id = (string?)parameters["hospital_id"], is_active = false });
        }
        else if (Status == StatusCodes.Status200OK)
            await http.Response.WriteAsJsonAsync(new { id = Guid.NewGuid(), name = "Clinic\u202e East" });
        else
        {
            http.Response.StatusCode = Status;
            await http.Response.WriteAsJsonAsync(
                new { error = new { code = "SERVER_ERROR", message = "Not now.", details = new { }, timestamp = DateTimeOffset.UnixEpoch } });
        }
    }
}

/// <summary>Tests that a person confirms what cannot be undone by the one who asks: this call, once, and knowing what it affects.</summary>
public sealed class McpConfirmationTests(ScriptedHospital scripted) : IClassFixture<ScriptedHospital>
{
    private static readonly JsonObject Form = new() { ["elicitation"] = new JsonObject { ["form"] = new JsonObject() } };

    private static readonly Lazy<Task<McpClient>> SharedPlatform = new(() => McpClient.Authorize(TestUser.PlatformAdminEmail));

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Nothing_is_done_while_what_it_affects_cannot_be_read(int status)
    {
        scripted.Status = status;
        var (agent, hospital) = (await PlatformAt(scripted.Gateway), Guid.NewGuid().ToString());

        var result = (await Delete(agent, new() { ["hospital_id"] = hospital })).Result!;

        Assert.True((bool)result["isError"]!, result.ToJsonString());
        Assert.Contains("Not now.", (string?)result["content"]![0]!["text"], StringComparison.Ordinal);
        Assert.DoesNotContain(scripted.Deleted, call => (string?)call.Parameters["hospital_id"] == hospital);
    }

    [Fact]
    public async Task The_service_explains_what_is_wrong_with_a_call_that_affects_nothing()
    {
        scripted.Status = StatusCodes.Status404NotFound;
        var (agent, hospital) = (await PlatformAt(scripted.Gateway), Guid.NewGuid().ToString());

        await Delete(agent, new() { ["hospital_id"] = hospital });

        Assert.Single(scripted.Deleted, call => (string?)call.Parameters["hospital_id"] == hospital);
    }

    [Fact]
    public async Task A_question_is_asked_until_it_is_answered_and_holds_for_the_arguments_in_any_order()
    {
        scripted.Status = StatusCodes.Status200OK;
        var (agent, hospital) = (await PlatformAt(scripted.Gateway), Guid.NewGuid().ToString());
        var asked = (await Delete(agent, new() { ["hospital_id"] = hospital, ["reason"] = "closed" })).Result!;
        Assert.Equal(@"Deactivate Clinic\u202e East?", (string?)asked["inputRequests"]!["confirm"]!["params"]!["message"]);
        var state = (string?)asked["requestState"];

        foreach (var wrong in (string[])
            [
                "null", "true", "\"accept\"", "[]", "{}", """{"action":5}""", """{"action":"perhaps"}""", """{"action":"accept"}""",
                """{"action":"accept","content":"yes"}""", """{"action":"accept","content":[true]}""", """{"action":"accept","content":{"confirm":"true"}}""",
            ])
        {
            var again = await Delete(agent, new() { ["hospital_id"] = hospital, ["reason"] = "closed" }, state, JsonNode.Parse(wrong));
            Assert.Equal((wrong, "input_required"), (wrong, (string?)again.Result?["resultType"]));
        }
        Assert.DoesNotContain(scripted.Deleted, call => (string?)call.Parameters["hospital_id"] == hospital);

        var done = await Delete(agent, new() { ["reason"] = "closed", ["hospital_id"] = hospital }, state, Accept());

        Assert.False((bool)done.Result!["structuredContent"]!["is_active"]!);
        Assert.True(Guid.TryParse(Assert.Single(scripted.Deleted, call => (string?)call.Parameters["hospital_id"] == hospital).Key, out _));
        Assert.Equal(-32602, (await Delete(agent, new() { ["hospital_id"] = hospital, ["reason"] = "another" }, state, Accept())).Code);
    }

    [Fact]
    public async Task A_parameter_that_is_given_twice_is_refused_before_anybody_is_asked()
    {
        const string Meta = """
            {"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{} } }
            """;
        var reply = await (await PlatformAt(scripted.Gateway)).SendRaw(
            $$"""
            {"jsonrpc":"2.0","id":1,"method":"tools/call",
                "params":{"name":"delete_hospital","arguments":{"hospital_id":"a","hospital_id":"b"},"_meta":{{Meta}} } }
            """,
            new Dictionary<string, string>
            {
                ["MCP-Protocol-Version"] = McpClient.Modern, ["Mcp-Method"] = "tools/call", ["Mcp-Name"] = "delete_hospital",
            });

        Assert.Contains("\n- hospital_id: is given twice", (string?)reply.Result!["content"]![0]!["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_confirmation_is_required_a_client_that_cannot_ask_is_refused()
    {
        await using var strict = await ServiceProcess.Start(("MCP_REQUIRE_CONFIRMATION", "true"));
        var agent = await PlatformAt(strict);
        var user = await TestUser.Create();
        var call = new JsonObject { ["name"] = "delete_user", ["arguments"] = new JsonObject { ["user_id"] = user.Id } };

        foreach (var capabilities in (string[])["{}", """{"elicitation":{"url":{}}}"""])
        {
            var modern = await agent.Send("tools/call", call, capabilities: JsonNode.Parse(capabilities)!.AsObject());
            Assert.Equal((HttpStatusCode.BadRequest, -32021, agent.LastId), (modern.Status, modern.Code, (int?)modern.Body!["id"]));
            Assert.IsType<JsonObject>(modern.Error!["data"]!["requiredCapabilities"]!["elicitation"]);
        }
        var legacy = await agent.Send("tools/call", call, McpClient.Legacy);
        Assert.True((bool)legacy.Result!["isError"]!);
        Assert.Contains("must be confirmed by a person", (string?)legacy.Result["content"]![0]!["text"], StringComparison.Ordinal);

        Assert.True((await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call<User>("get_user", new { user_id = user.Id })).IsActive);
        // One that can ask asks.
        Assert.Equal("input_required", (string?)(await agent.Send("tools/call", call, capabilities: Form)).Result!["resultType"]);
    }

    [Fact]
    public async Task An_answer_counts_for_the_one_who_was_asked_and_the_tool_at_every_gateway()
    {
        var hospital = await ClinicFixture.OpenHospital("Europe/Berlin");
        var (one, other) = (await TestUser.Create(hospital.Admin, "ADMIN"), await TestUser.Create(hospital.Admin, "ADMIN"));
        var (asker, stranger) = (await McpClient.Authorize(one.Email, one.Password), await McpClient.Authorize(other.Email, other.Password));
        var elsewhere = await McpClient.WithToken(asker.Http.DefaultRequestHeaders.Authorization!.Parameter, gateway: 1);
        var user = await TestUser.Create(hospital.Admin);
        var arguments = new JsonObject { ["user_id"] = user.Id };

        var asked = (await Call(asker, "delete_user", arguments)).Result!;
        var state = (string?)asked["requestState"];
        var question = (string?)asked["inputRequests"]!["confirm"]!["params"]!["message"];
        foreach (var part in (string[])["Robin Testperson", user.Email, hospital.Hospital]) Assert.Contains(part, question, StringComparison.Ordinal);

        Assert.Equal(-32602, (await Call(stranger, "delete_user", arguments, state, Accept())).Code);
        Assert.Equal(-32602, (await Call(asker, "cancel_subscription", arguments, state, Accept())).Code);
        Assert.True((await hospital.Admin.Call<User>("get_user", new { user_id = user.Id })).IsActive);

        Assert.False((bool)(await Call(elsewhere, "delete_user", arguments, state, Accept())).Result!["structuredContent"]!["is_active"]!);
    }

    [Fact]
    public async Task Outside_Development_a_secret_of_confirmations_that_can_be_guessed_stops_the_start()
    {
        foreach (var weak in (string?[])[null, "short", "development-only-secret-of-confirmations"])
            Assert.Contains("MCP_STATE_SECRET", await ServiceProcess.RunGatewayToFailure(("ASPNETCORE_ENVIRONMENT", "Production"),
                ("DOTNET_ENVIRONMENT", "Production"), ("MCP_SERVER_TOKEN", "4be0d7a16c3f92885d1e0a7bc6f35429"), ("MCP_STATE_SECRET", weak)),
                StringComparison.Ordinal);
    }

    private static JsonObject Accept() => new() { ["action"] = "accept", ["content"] = new JsonObject { ["confirm"] = true } };

    private static Task<McpReply> Delete(McpClient agent, JsonObject arguments, string? state = null, JsonNode? answer = null) =>
        Call(agent, "delete_hospital", arguments, state, answer);

    private static Task<McpReply> Call(McpClient agent, string tool, JsonObject arguments, string? state = null, JsonNode? answer = null)
    {
        var parameters = new JsonObject { ["name"] = tool, ["arguments"] = arguments.DeepClone() };
        if (state is not null)
        {
            parameters["requestState"] = state;
            parameters["inputResponses"] = new JsonObject { ["confirm"] = answer };
        }
        return agent.Send("tools/call", parameters, capabilities: Form);
    }

    /// <summary>Returns the agent of the platform's administrator at a gateway.</summary>
    private static async Task<McpClient> PlatformAt(ServiceProcess gateway)
    {
        var http = new HttpClient { BaseAddress = gateway.Http.BaseAddress, Timeout = TimeSpan.FromMinutes(1) };
        http.DefaultRequestHeaders.Authorization = (await SharedPlatform.Value).Http.DefaultRequestHeaders.Authorization;
        return new(http);
    }
}
