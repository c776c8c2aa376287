using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Hospital;

namespace MedCor.Tests.EndToEnd.OpenApi;

/// <summary>Runs a gateway that counts calls, unlike the others, and refuses none.</summary>
public sealed class CountingGateway : IAsyncLifetime
{
    public ServiceProcess Gateway { get; private set; } = null!;

    public async Task InitializeAsync() => Gateway = await ServiceProcess.Start(("MCP_RATE_LIMIT", "100000"));

    public async Task DisposeAsync() => await Gateway.DisposeAsync();
}

/// <summary>Tests that the OpenAPI document matches the gateway's behavior, for all of its operations.</summary>
public sealed class DocumentBehaviorTests(CountingGateway counting) : IClassFixture<CountingGateway>
{
    private static readonly (Callers Kind, string Email)[] People =
    [
        (Callers.Patient, "patient@general.example"), (Callers.Doctor, "doctor@general.example"), (Callers.Nurse, "nurse@general.example"),
        (Callers.Receptionist, "receptionist@general.example"), (Callers.HospitalAdmin, "admin@general.example"), (Callers.Platform, "admin@medcor.example"),
    ];

    /// <summary>
    /// Sends every operation what can be wrong with it. The document covers each mapped route (see <see cref="DocumentTests"/>), so no route is left out.
    /// </summary>
    [Fact]
    public async Task Every_status_that_is_answered_to_wrong_input_is_documented_and_429_exactly_where_calls_are_counted()
    {
        var http = counting.Gateway.Http;
        var callers = await Task.WhenAll(People.Select(async p => (p.Kind, Token: (await ApiClient.LogIn(p.Email)).AccessToken)));
        var api = (await http.GetFromJsonAsync<JsonNode>("/api/openapi.json"))!;
        var wrongs = new List<string>();
        var seen = new HashSet<string>();
        foreach (var (path, methods) in api["paths"]!.AsObject())
            foreach (var (method, operation) in methods!.AsObject())
            {
                var documented = operation!["responses"]!.AsObject().Select(r => r.Key).ToHashSet();
                var isCounted = false;
                foreach (var (what, attempt) in WrongRequests(path, method, operation, callers))
                {
                    using var answer = await http.SendAsync(attempt, HttpCompletionOption.ResponseHeadersRead);
                    attempt.Dispose();
                    var status = ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
                    seen.Add(status);
                    isCounted |= answer.Headers.Contains("RateLimit");
                    if (!documented.Contains(status)) wrongs.Add($"{method} {path}, {what}: {status}");
                }
                if (isCounted != documented.Contains("429")) wrongs.Add($"{method} {path}: counted or documented so, not both");
            }
        Assert.True(wrongs.Count == 0, string.Join('\n', wrongs));
        string[] expected = ["400", "401", "403", "404", "413", "415", "422", "426"];
        Assert.Empty(expected.Except(seen));
    }

    private static IEnumerable<(string What, HttpRequestMessage Request)> WrongRequests(string path, string method, JsonNode operation,
        (Callers Kind, string Token)[] callers)
    {
        var hasBody = operation["requestBody"] is not null;
        var admin = callers.First(c => c.Kind == Callers.HospitalAdmin).Token;
        yield return ("no token", Request(method, path, null, hasBody ? "{}" : null));
        yield return ("bad token", Request(method, path, "x.y.z", hasBody ? "{}" : null));
        yield return ("unknown query parameter", Request(method, $"{path}?colour=1", admin, hasBody ? "{" : null));
        yield return ("unknown query parameter without a token", Request(method, $"{path}?colour=1", null, hasBody ? "{" : null));
        if (path == "/api/mcp/ws")
        {
            foreach (var request in WrongHandshakes(path, callers)) yield return request;
            yield break;
        }
        var foreignOrigin = Request(method, path, admin, hasBody ? "{" : null);
        foreignOrigin.Headers.Add("Origin", "https://elsewhere.example");
        yield return ("foreign origin", foreignOrigin);
        if (hasBody)
        {
            yield return ("broken JSON", Request(method, path, admin, "{"));
            yield return ("a list", Request(method, path, admin, "[1]"));
            yield return ("a form", Request(method, path, admin, "x=1", "application/x-www-form-urlencoded"));
            yield return ("too large", Request(method, path, admin, new string(' ', 1024 * 1024 + 1)));
            yield return ("unknown field", Request(method, path, admin, """{"colour": 1}"""));
        }
        foreach (var (kind, token) in callers)
        {
            if (!hasBody) yield return ($"as {kind}", Request(method, path, token, null));
            if (operation["parameters"]?.AsArray().Any(p => (string?)p!["name"] == "filter") == true)
                yield return ($"unknown hospital as {kind}",
                    Request(method, $"{path}?filter={Uri.EscapeDataString($$"""{"hospital_id":"{{Guid.NewGuid()}}"}""")}", token, null));
            if (path == "/api/mcp/sse")
                foreach (var resource in LiveResources.All.Keys)
                    yield return ($"{resource} as {kind}", Request(method, $"{path}?resources={resource}", token, null));
            if (!path.StartsWith("/api/mcp/tools/", StringComparison.Ordinal) || !ToolCatalogue.All.TryGetValue(path["/api/mcp/tools/".Length..], out var tool))
                continue;
            foreach (var example in Examples(operation))
            {
                var unknown = WithUnknownIds(example);
                // What a caller may do with nobody's id is done; without any id it would change the demo data.
                if ((tool.Callers & kind) == 0 || tool.Effect == Effect.Read || !JsonNode.DeepEquals(example, unknown))
                    yield return ($"unknown ids as {kind}", Request(method, path, token, unknown.ToJsonString()));
            }
        }
    }

    private static IEnumerable<(string What, HttpRequestMessage Request)> WrongHandshakes(string path, (Callers Kind, string Token)[] callers)
    {
        yield return ("foreign origin", Handshake(path, null, ("Origin", "https://elsewhere.example")));
        yield return ("old version", Handshake(path, null, ("Sec-WebSocket-Version", "8")));
        yield return ("unknown query parameter", Handshake($"{path}?colour=1", callers[0].Token));
        yield return ("bad token", Handshake(path, "x.y.z"));
        yield return ("unknown ticket", Handshake($"{path}?ticket={new string('A', 64)}", null));
        foreach (var (kind, token) in callers)
            foreach (var resource in LiveResources.All.Keys) yield return ($"{resource} as {kind}", Handshake($"{path}?resources={resource}", token));
    }

    private static HttpRequestMessage Handshake(string path, string? token, params (string Name, string Value)[] headers)
    {
        var request = Request("GET", path, token, null);
        foreach (var (name, value) in headers.Concat(
            [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("Sec-WebSocket-Version", "13")])
            .DistinctBy(h => h.Item1))
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static JsonNode WithUnknownIds(JsonNode example) =>
        JsonNode.Parse(System.Text.RegularExpressions.Regex.Replace(example.ToJsonString(), "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            _ => Guid.NewGuid().ToString()))!;

    [Theory, MemberData(nameof(Reads))]
    public async Task The_examples_of_a_tool_that_reads_are_answered(string name)
    {
        var (api, caller) = await For(ToolCatalogue.All[name]);
        foreach (var example in Examples(api["paths"]![$"/api/mcp/tools/{name}"]!["post"]!))
        {
            using var answer = await caller.Http.PostAsync($"/api/mcp/tools/{name}",
                new StringContent(example.ToJsonString(), Encoding.UTF8, "application/json"));
            // Examples cannot name entities that exist after every start.
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound,
                $"{example.ToJsonString()}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    public static TheoryData<string> Reads => [.. from tool in ToolCatalogue.All.Values where tool.Effect == Effect.Read select tool.Name];

    /// <summary>The changes must not be tried on the demo data, so only the entities that the examples name are looked up.</summary>
    [Fact]
    public async Task The_examples_of_a_tool_that_writes_name_what_is_there_and_nothing_that_is_taken()
    {
        var (api, admin) = await For(ToolCatalogue.All["list_subscription_plans"]);
        var plans = (await admin.Call("list_subscription_plans"))["results"]!.AsArray().Select(p => (string?)p!["id"]).ToArray();
        var departments = (await admin.Call<Page<Department>>("list_departments", new { limit = 100 })).Results.Select(d => d.Code).ToArray();

        foreach (var tool in (string[])["create_subscription", "update_subscription"])
            Assert.All(Of(tool).Where(e => e["plan_id"] is not null), e => Assert.Contains((string?)e["plan_id"], plans));
        Assert.All(Of("create_department"), e => Assert.DoesNotContain((string?)e["code"], departments));
        Assert.All(Of("update_appointment_status"), e => Assert.Equal("IN_PROGRESS", (string?)e["status"]));

        IEnumerable<JsonNode> Of(string tool) => Examples(api["paths"]![$"/api/mcp/tools/{tool}"]!["post"]!);
    }

    [Theory]
    [InlineData("/api/auth/login")]
    [InlineData("/api/mcp/tools/invoke")]
    [InlineData("/api/mcp/batch")]
    public async Task The_examples_of_a_path_are_answered(string path)
    {
        var (api, caller) = await For(ToolCatalogue.All["get_current_user"]);
        foreach (var example in Examples(api["paths"]![path]!["post"]!))
        {
            using var answer = await caller.Http.PostAsync(path, new StringContent(example.ToJsonString(), Encoding.UTF8, "application/json"));
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            Assert.DoesNotContain("\"error\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/api/mcp/prompts/invoke", "/api/mcp/prompts/sessions/{session_id}")]
    [InlineData("/api/mcp/tools/invoke_prompt", "/api/mcp/tools/answer_prompt")]
    public async Task The_examples_of_a_prompt_begin_it_and_answer_its_step(string begins, string answers)
    {
        var (api, caller) = await For(ToolCatalogue.All["invoke_prompt"]);
        foreach (var beginning in Examples(api["paths"]![begins]!["post"]!))
            foreach (var input in Examples(api["paths"]![answers]!["post"]!))
            {
                using var begun = await caller.Http.PostAsJsonAsync(begins, beginning);
                Assert.True(begun.IsSuccessStatusCode, await begun.Content.ReadAsStringAsync());
                var session = (string)(await begun.Content.ReadFromJsonAsync<JsonNode>())!["session_id"]!;
                var answer = input.DeepClone();
                if (answer["session_id"] is not null) answer["session_id"] = session;
                using var answered = await caller.Http.PostAsJsonAsync(answers.Replace("{session_id}", session, StringComparison.Ordinal), answer);
                Assert.True(answered.IsSuccessStatusCode, await answered.Content.ReadAsStringAsync());
                using var ended = await caller.Http.DeleteAsync(new Uri($"/api/mcp/prompts/sessions/{session}", UriKind.Relative));
                Assert.True(ended.IsSuccessStatusCode);
            }
    }

    private static async Task<(JsonNode Api, ApiClient Caller)> For(ToolDescriptor tool)
    {
        var caller = await ApiClient.LogInShared(People.First(p => (p.Kind & tool.Callers) != 0).Email);
        return ((await caller.Http.GetFromJsonAsync<JsonNode>("/api/openapi.json"))!, caller);
    }

    private static IEnumerable<JsonNode> Examples(JsonNode operation) =>
        operation["requestBody"]!["content"]!["application/json"]!["examples"]!.AsObject().Select(e => e.Value!["value"]!);

    private static HttpRequestMessage Request(string method, string path, string? token, string? body, string type = "application/json")
    {
        var request = new HttpRequestMessage(new(method), path.Replace("{session_id}", Guid.Empty.ToString(), StringComparison.Ordinal)
            .Replace("{call_id}", Guid.Empty.ToString(), StringComparison.Ordinal).Replace("{id}", Guid.Empty.ToString(), StringComparison.Ordinal));
        if (token is not null) request.Headers.Authorization = new("Bearer", token);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, type);
        return request;
    }
}
