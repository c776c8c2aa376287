using System.Net;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests what a client may write in a request, and what it is told when that is wrong, too much or too often.</summary>
public sealed class McpArgumentTests
{
    private const string Admin = "admin@general.example", Doctor = "doctor@general.example";

    private static readonly Lazy<Task<McpClient>> SharedAdmin = new(() => McpClient.Authorize(Admin)), SharedDoctor = new(() => McpClient.Authorize(Doctor));

    [Fact]
    public async Task A_key_that_is_null_is_none()
    {
        var admin = await SharedAdmin.Value;

        var (first, second) = (await CreateDepartment(admin, key: null), await CreateDepartment(admin, key: null));

        Assert.Null(first["isError"]);
        Assert.NotEqual((string?)first["structuredContent"]!["id"], (string?)second["structuredContent"]!["id"]);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"a-key\"")]
    [InlineData("\"\"")]
    [InlineData("7")]
    public async Task A_tool_that_changes_nothing_needs_no_key_and_does_not_mind_one(string key)
    {
        var result = await (await SharedAdmin.Value).Call("list_departments", new() { ["limit"] = 1, ["idempotency_key"] = JsonNode.Parse(key) });

        Assert.True(result["isError"] is null, result.ToJsonString());
    }

    [Theory]
    [InlineData("\"\"", "printable ASCII")]
    [InlineData("\" a\"", "printable ASCII")]
    [InlineData("\"ü\"", "printable ASCII")]
    [InlineData("7", "must be text")]
    [InlineData("[]", "must be text")]
    public async Task A_key_that_is_not_valid_is_named(string key, string error)
    {
        var result = await CreateDepartment(await SharedAdmin.Value, JsonNode.Parse(key));

        var text = (string)result["content"]![0]!["text"]!;
        Assert.StartsWith("VALIDATION_ERROR: ", text, StringComparison.Ordinal);
        Assert.Contains("\n- idempotency_key: ", text, StringComparison.Ordinal);
        Assert.Contains(error, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_keys_that_differ_are_refused_and_two_that_are_the_same_are_one()
    {
        var (admin, key) = (await SharedAdmin.Value, Guid.NewGuid().ToString());

        var differing = await CreateDepartment(admin, key, new() { ["dev.medcor/idempotencyKey"] = Guid.NewGuid().ToString() });
        var same = await CreateDepartment(admin, key, new() { ["dev.medcor/idempotencyKey"] = key });

        Assert.Contains("\n- idempotency_key: must be the same", (string?)differing["content"]![0]!["text"], StringComparison.Ordinal);
        Assert.Null(same["isError"]);
    }

    [Theory]
    [InlineData("medcor://patients/not-a-uuid")]
    [InlineData("medcor://patients/")]
    [InlineData("medcor://nothing")]
    [InlineData("medcor://patients/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54")]
    [InlineData("medcor://hospitals/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54")]
    [InlineData("https://elsewhere.example")]
    public async Task What_is_no_resource_of_the_caller_does_not_exist(string uri)
    {
        var doctor = await SharedDoctor.Value;
        foreach (var (version, code) in ((string, int)[])[(McpClient.Modern, -32602), (McpClient.Legacy, -32002)])
        {
            var reply = await doctor.Send("resources/read", new() { ["uri"] = uri }, version);

            Assert.Equal((version, HttpStatusCode.OK, code), (version, reply.Status, reply.Code));
            Assert.Equal(uri, (string?)reply.Error!["data"]!["uri"]);
        }
    }

    [Fact]
    public async Task A_resource_of_another_hospital_does_not_exist()
    {
        var other = await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail);
        foreach (var uri in (string[])[$"medcor://hospitals/{other.HospitalId}", $"medcor://users/{other.Id}"])
        {
            var reply = await (await SharedDoctor.Value).Send("resources/read", new() { ["uri"] = uri });

            Assert.Equal((uri, -32602, uri), (uri, reply.Code, (string?)reply.Error!["data"]?["uri"]));
        }
    }

    [Fact]
    public async Task No_prompt_asks_a_model_for_a_password()
    {
        var admin = await SharedAdmin.Value;

        var listed = await admin.Call("list_prompts");
        var written = await admin.Get("prompts/get", new() { ["name"] = "patient_onboarding" });

        Assert.Contains("create_account", (string?)listed["content"]![0]!["text"], StringComparison.Ordinal);
        foreach (var result in (JsonObject[])[listed, written])
            Assert.DoesNotContain("password", result.ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Only_a_tool_that_adds_something_and_takes_nothing_away_is_not_destructive()
    {
        var tools = (await (await SharedAdmin.Value).Get("tools/list"))["tools"]!.AsArray();

        foreach (var (name, isDestructive, isIdempotent) in ((string, bool, bool)[])
            [
                ("create_appointment", false, false), ("reschedule_appointment", true, false), ("update_user", true, true), ("delete_user", true, true),
                ("list_users", false, true),
            ])
        {
            var hints = tools.Single(tool => (string?)tool!["name"] == name)!["annotations"]!;
            Assert.Equal((name, isDestructive, isIdempotent), (name, (bool)hints["destructiveHint"]!, (bool)hints["idempotentHint"]!));
        }
    }

    [Fact]
    public async Task A_cursor_that_was_not_given_is_unknown()
    {
        foreach (var method in (string[])["tools/list", "resources/list", "resources/templates/list", "prompts/list"])
            Assert.Equal((method, -32602), (method, (await (await SharedDoctor.Value).Send(method, new() { ["cursor"] = "2" })).Code));
    }

    [Theory]
    [InlineData("ref/prompt", "appointment_booking", "doctor_id", "d")]
    [InlineData("ref/prompt", "appointment_booking", "doctor_id", " ")]
    [InlineData("ref/prompt", "appointment_booking", "preferred_date", "2027")]
    [InlineData("ref/prompt", "appointment_booking", "nothing", "smith")]
    [InlineData("ref/resource", "medcor://medical_records/{id}", "id", "smith")]
    [InlineData("ref/resource", "medcor://doctors/{id}", "nothing", "smith")]
    public async Task What_is_not_found_by_a_name_completes_to_nothing(string type, string reference, string argument, string value) =>
        Assert.Empty(await Complete(await SharedDoctor.Value, type, reference, argument, value));

    [Fact]
    public async Task A_completion_finds_what_its_caller_may_find()
    {
        var doctor = (await (await ApiClient.LogInShared(Admin)).Call("list_doctors", new { limit = 1 }))["results"]![0]!;
        var (id, name) = ((string)doctor["id"]!, (string)doctor["last_name"]!);
        var (patient, other) = (await TestUser.Create(), await TestUser.Create());

        Assert.Contains(id, await Complete(await SharedDoctor.Value, "ref/resource", "medcor://doctors/{id}", "id", name));
        // Without the scope, and with a role that finds oneself alone.
        Assert.Empty(await Complete(await McpClient.Authorize(Doctor, scopes: ["appointments.read"]), "ref/resource", "medcor://doctors/{id}", "id", name));
        Assert.DoesNotContain(other.Id.ToString(), await Complete(await McpClient.Authorize(patient.Email, patient.Password), "ref/prompt",
            "appointment_booking", "patient_id", other.User.LastName));
    }

    [Theory]
    [InlineData("ref/prompt", "no_such_prompt")]
    [InlineData("ref/resource", "medcor://nothing/{id}")]
    [InlineData("ref/resource", "medcor://doctors/{other}")]
    public async Task What_does_not_exist_has_no_completions(string type, string reference) => Assert.Equal(-32602,
        (await (await SharedDoctor.Value).Send("completion/complete", CreateCompletion(type, reference, "id", "smith"))).Code);

    [Fact]
    public async Task A_result_that_is_too_large_says_how_to_ask_for_less()
    {
        await using var gateway = await ServiceProcess.Start(("MCP_RESULT_LIMIT", "1024"));
        var agent = await At(gateway, Admin);

        var result = await agent.Call("list_users", new() { ["limit"] = 100 });
        var reply = await agent.Send("resources/read", new() { ["uri"] = "medcor://users?limit=100" });

        Assert.True((bool)result["isError"]!);
        Assert.Matches("^VALIDATION_ERROR: The result has [0-9]+ bytes, more than the 1024 .*Ask for less by .*limit",
            (string?)result["content"]![0]!["text"]);
        Assert.Equal(-32602, reply.Code);
        Assert.Contains("limit", (string?)reply.Error!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_down_is_an_error_that_says_when_to_retry()
    {
        var nowhere = $"http://127.0.0.1:{ServiceProcess.FreePort()}";
        await using var gateway = await ServiceProcess.Start(("services__clinical__http__0", nowhere), ("services__clinical__http__1", null));
        var agent = await At(gateway, Doctor);

        var result = await agent.Call("list_appointments");
        var reply = await agent.Send("resources/read", new() { ["uri"] = "medcor://appointments" });

        var text = (string)result["content"]![0]!["text"]!;
        Assert.True((bool)result["isError"]!);
        Assert.StartsWith("SERVER_ERROR: ", text, StringComparison.Ordinal);
        Assert.Contains("\nretry after ", text, StringComparison.Ordinal);
        Assert.Equal("SERVER_ERROR", (string?)result["_meta"]!["dev.medcor/error"]!["code"]);
        Assert.Equal(-32603, reply.Code);
        // The others are as they were.
        Assert.Null((await agent.Call("list_doctors", new() { ["limit"] = 1 }))["isError"]);
    }

    [Fact]
    public async Task Who_calls_too_often_is_told_when_to_go_on()
    {
        var user = await TestUser.Create();
        await using var gateway = await ServiceProcess.Start(("MCP_RATE_LIMIT", "5"));
        var agent = await At(gateway, user.Email, user.Password);

        McpReply reply = null!;
        for (var i = 0; i < 20; i++)
            if ((reply = await agent.Send("tools/list")).Status != HttpStatusCode.OK) break;

        Assert.Equal((HttpStatusCode.TooManyRequests, -31029), (reply.Status, reply.Code));
        Assert.Equal("RATE_LIMIT", (string?)reply.Error!["data"]!["code"]);
        Assert.InRange((int)reply.Error["data"]!["retry_after"]!, 1, 60);
    }

    /// <summary>Returns a client of a gateway with settings of its own.</summary>
    private static async Task<McpClient> At(ServiceProcess gateway, string email, string password = "Demo-Medcor-2026")
    {
        gateway.Http.DefaultRequestHeaders.Authorization = (await McpClient.Authorize(email, password)).Http.DefaultRequestHeaders.Authorization;
        return new(gateway.Http);
    }

    private static async Task<JsonObject> CreateDepartment(McpClient agent, JsonNode? key, JsonObject? meta = null)
    {
        var unique = $"{Guid.NewGuid():N}";
        var arguments = new JsonObject { ["name"] = $"Ward {unique}", ["code"] = $"W{unique[..13]}", ["idempotency_key"] = key };
        return (await agent.Send("tools/call", new() { ["name"] = "create_department", ["arguments"] = arguments }, meta: meta)).Result!;
    }

    private static async Task<string[]> Complete(McpClient agent, string type, string reference, string argument, string value) =>
        [.. (await agent.Get("completion/complete", CreateCompletion(type, reference, argument, value)))["completion"]!["values"]!.AsArray()
            .Select(found => (string)found!)];

    private static JsonObject CreateCompletion(string type, string reference, string argument, string value) => new()
    {
        ["ref"] = new JsonObject { ["type"] = type, [type == "ref/prompt" ? "name" : "uri"] = reference },
        ["argument"] = new JsonObject { ["name"] = argument, ["value"] = value },
    };
}
