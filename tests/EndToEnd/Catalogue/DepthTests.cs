using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests that objects and lists that are nested too deeply are refused with the limit, at every endpoint.</summary>
public class DepthTests
{
    private const string Told = "must be at most 32 levels deep";

    /// <summary>Gets depths that the service reads, that exceed the gateway's limit as well, and that exceed any reader's.</summary>
    public static TheoryData<int> Levels => [33, 100, 100_000];

    [Theory, MemberData(nameof(Levels))]
    public async Task The_bound_is_named_on_every_surface(int levels)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var deep = new string('[', levels) + new string(']', levels);
        var inside = $"{{\"x\":{deep}}}";

        foreach (var (path, body) in ((string, string)[])
        [
            ("/api/mcp/tools/invoke", $"{{\"tool\":\"get_current_user\",\"params\":{inside}}}"),
            ("/api/mcp/tools/get_current_user", inside),
            ("/api/mcp/prompts/invoke", $"{{\"prompt\":\"appointment_booking\",\"initial_data\":{inside}}}"),
            ($"/api/mcp/prompts/sessions/{Guid.CreateVersion7()}", $"{{\"input\":{inside}}}"),
            ("/api/auth/login/", levels > 5_000 ? $"{{\"email\":{deep[..10_000]}" : $"{{\"email\":{deep}}}"),
        ])
            Assert.Equal((path, Told), (path, Named((await Post(nurse.Http, path, body))["error"]!["details"], "body")));

        var batch = await Post(nurse.Http, "/api/mcp/batch", $"{{\"requests\":[{{\"tool\":\"get_current_user\",\"params\":{inside}}}]}}");
        Assert.Equal(Told, Named((batch is JsonArray items ? items[0]! : batch)["error"]!["details"], "body"));

        if (levels <= 100)
        {
            using var filtered = await nurse.Http.GetAsync(new Uri($"/api/mcp/resources/appointments?filter={Uri.EscapeDataString(inside)}", UriKind.Relative));
            Assert.Equal(Told, Named(JsonNode.Parse(await filtered.Content.ReadAsStringAsync())!["error"]!["details"], "filter"));
        }

        await using var socket = await WebSocketClient.ConnectAs(nurse);
        await socket.SendText($"{{\"type\":\"tool_invoke\",\"request_id\":\"r\",\"tool\":\"get_current_user\",\"params\":{inside}}}");
        var answered = await socket.Next(m => (string?)m["type"] is "tool_response" or "error");
        Assert.Contains(Told, answered.ToJsonString(), StringComparison.Ordinal);

        var chat = await new ChatStreamClient(nurse.Http, nurse.AccessToken).Send(HttpMethod.Post, "/mcp/execute",
            new StringContent($"{{\"messages\":[],\"metadata\":{inside}}}", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, chat.Status);
        Assert.Contains(Told, chat.Error.Message, StringComparison.Ordinal);
    }

    private static string? Named(JsonNode? details, string field) => (string?)details?[field]?[0];

    private static async Task<JsonNode> Post(HttpClient http, string path, string body)
    {
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }
}
