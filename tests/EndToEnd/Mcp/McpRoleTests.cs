using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Tests.EndToEnd.Catalogue;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Tests that each role can call each tool that it is offered, whether the call succeeds or is refused.</summary>
public sealed class McpRoleTests
{
    private static readonly Lazy<Task<CatalogueFixture>> Own = new(CatalogueFixture.New);

    /// <summary>What a call of a tool that is offered may be refused for: its parameters, what is affected, or the caller's part in that.</summary>
    private static readonly string[] Refusals =
        [ErrorCodes.ValidationError, ErrorCodes.PermissionDenied, ErrorCodes.ResourceNotFound, ErrorCodes.Conflict];

    public static TheoryData<Callers> Roles => [Callers.Platform, Callers.HospitalAdmin, Callers.Doctor, Callers.Nurse, Callers.Patient];

    [Theory, MemberData(nameof(Roles))]
    public async Task Every_tool_that_a_role_is_offered_answers_it(Callers kind)
    {
        var hospital = await Own.Value;
        var (user, agent) = (hospital.People[kind], await Authorize(kind));
        var (wrongs, succeeded) = (new List<string>(), 0);
        foreach (var listed in await List(agent))
        {
            var tool = ToolCatalogue.All[(string)listed!["name"]!];
            // What exists is read, and what does not exist is changed, so that the users can go on.
            var parameters = await new ParameterGenerator(tool).Generate(
                [], kindOfId => tool.Effect == Effect.Read ? FindId(kindOfId) : Task.FromResult(Guid.NewGuid().ToString()));

            var reply = await agent.Send("tools/call", new() { ["name"] = tool.Name, ["arguments"] = parameters });

            if (reply.Result is not { } result) wrongs.Add($"{tool.Name}: {reply}");
            else if (result["isError"] is null)
            {
                succeeded++;
                wrongs.AddRange(FindErrors(listed, result));
            }
            else if (!Refusals.Contains((string?)result["_meta"]?["dev.medcor/error"]?["code"])) wrongs.Add($"{tool.Name}: {result.ToJsonString()}");
        }
        Assert.Empty(wrongs);
        Assert.True(succeeded > 5, $"{succeeded} calls succeeded.");

        Task<string> FindId(string kindOfId) =>
            kindOfId == "session" ? Task.FromResult(Guid.NewGuid().ToString()) : hospital.FindOrCreateId(kindOfId, user);
    }

    [Fact]
    public async Task An_agent_goes_through_a_guided_prompt()
    {
        var agent = await Authorize(Callers.Patient);
        var tools = await List(agent);

        var prompts = await Call("list_prompts", []);
        var started = await Call("invoke_prompt", new() { ["prompt"] = "appointment_booking" });
        var session = (string)started["session_id"]!;
        var answered = await Call("answer_prompt",
            new() { ["session_id"] = session, ["input"] = new JsonObject { ["reason"] = "Regular checkup" }, ["idempotency_key"] = session });
        var read = await Call("get_prompt_session", new() { ["session_id"] = session });
        var ended = await Call("abandon_prompt", new() { ["session_id"] = session });

        Assert.Contains("appointment_booking", prompts["prompts"]!.AsArray().Select(prompt => (string)prompt!["name"]!));
        Assert.Equal("describe_concern", (string?)started["step"]!["name"]);
        Assert.NotEqual("describe_concern", (string?)answered["step"]!["name"]);
        Assert.Equal((string?)answered["step"]!["name"], (string?)read["step"]!["name"]);
        Assert.Equal("ABANDONED", (string?)ended["status"]);

        async Task<JsonNode> Call(string name, JsonObject arguments)
        {
            var result = await agent.Call(name, arguments);
            Assert.True(result["isError"] is null, result.ToJsonString());
            Assert.Empty(FindErrors(tools.Single(tool => (string?)tool!["name"] == name)!, result));
            return result["structuredContent"]!;
        }
    }

    /// <summary>Returns what is wrong with the result of a successful call.</summary>
    private static IEnumerable<string> FindErrors(JsonNode tool, JsonObject result)
    {
        var (name, schema) = ((string)tool["name"]!, tool["outputSchema"]!);
        foreach (var error in JsonSchemaValidator.Errors(schema, schema, result["structuredContent"])) yield return $"{name}: {error}";
        if (!JsonNode.DeepEquals(JsonNode.Parse((string)result["content"]![0]!["text"]!), result["structuredContent"])) yield return $"{name}: another text";
    }

    private static async Task<McpClient> Authorize(Callers kind)
    {
        var user = (await Own.Value).People[kind];
        return await McpClient.Authorize((await user.Call<Contracts.Identity.User>("get_current_user")).Email!,
            kind == Callers.Platform ? "Demo-Medcor-2026" : CatalogueFixture.Password);
    }

    private static async Task<JsonArray> List(McpClient agent) => (await agent.Get("tools/list"))["tools"]!.AsArray();
}
