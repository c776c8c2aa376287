using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Endpoints;

public sealed class ListToolsEndpointTests
{
    public static TheoryData<Callers> Kinds => [.. CallerKinds.All.Select(kind => kind.Value)];

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_caller_sees_only_the_tools_of_their_role(Callers kind)
    {
        var tools = await List(await ApiClient.LogInShared(TestUser.EmailByKind[kind]));

        Assert.Equal(ToolCatalogue.All.Values.Where(t => t.Callers.HasFlag(kind)).Select(t => t.Name), tools.Select(t => (string?)t!["name"]));
    }

    [Fact]
    public async Task A_tool_tells_what_it_may_change()
    {
        var tools = (await List(await ApiClient.LogInShared("admin@medcor.example"))).ToDictionary(t => (string)t!["name"]!,
            t => t!["annotations"]!.ToJsonString());

        Assert.Equal("""{"read_only":true,"idempotent":true,"destructive":false}""", tools["list_hospitals"]);
        Assert.Equal("""{"read_only":false,"idempotent":false,"destructive":false}""", tools["create_hospital"]);
        Assert.Equal("""{"read_only":false,"idempotent":true,"destructive":false}""", tools["update_hospital"]);
        Assert.Equal("""{"read_only":false,"idempotent":true,"destructive":true}""", tools["delete_hospital"]);
    }

    [Fact]
    public async Task A_tool_describes_itself_and_both_its_ends()
    {
        foreach (var tool in await List(await ApiClient.LogInShared("admin@general.example")))
        {
            Assert.NotEmpty((string)tool!["description"]!);
            Assert.Equal("object", (string?)tool["input_schema"]!["type"]);
            Assert.Equal("object", (string?)tool["output_schema"]!["type"]);
        }
    }

    private static async Task<JsonArray> List(ApiClient client) => JsonNode.Parse(await client.Http.GetStringAsync("/api/mcp/tools/"))!["tools"]!.AsArray();
}
