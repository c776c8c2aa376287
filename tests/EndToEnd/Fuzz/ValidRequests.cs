using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Identity;
using MedCor.Tests.EndToEnd.Catalogue;

namespace MedCor.Tests.EndToEnd.Fuzz;

/// <summary>
/// Creates valid requests of every kind, in a hospital of the fuzzer's own: every operation of the OpenAPI document, and every tool on its own path, through
/// invoke, in a batch and over a WebSocket. New operations and tools are included.
/// </summary>
internal sealed class ValidRequests
{
    private readonly CatalogueFixture _premises;
    private readonly Dictionary<string, string> _ids = [];
    private readonly List<(ToolDescriptor Tool, ApiClient Caller, JsonObject Parameters)> _calls = [];
    private ApiClient _spare = null!;

    private ValidRequests(CatalogueFixture premises) => _premises = premises;

    public List<RawHttpRequest> Requests { get; } = [];

    /// <summary>Gets WebSocket messages of every type.</summary>
    public List<byte[]> Messages { get; } = [];

    public CatalogueFixture Premises => _premises;

    public static async Task<ValidRequests> Create()
    {
        var all = new ValidRequests(await CatalogueFixture.New());
        await all.FindIds();
        await all.AddTools();
        await all.AddDocumentedOperations();
        all.AddMessages();
        return all;
    }

    /// <summary>Finds IDs to use: entities of the hospital, and spare entities for tools that delete or change them.</summary>
    private async Task FindIds()
    {
        var opening = ToolCatalogue.All["create_hospital"];
        var opened = await _premises.People[Callers.Platform].Post(opening, await new ParameterGenerator(opening).Generate([], Task.FromResult));
        _ids["spare_hospital"] = opened.Read<Contracts.Hospital.Hospital>().Id.ToString();
        var naming = ToolCatalogue.All["create_specialty"];
        var named = await _premises.People[Callers.Platform].Post(naming, await new ParameterGenerator(naming).Generate([], Task.FromResult));
        _ids["spare_specialty"] = named.Read<Specialty>().Id.ToString();
        var email = TestUser.NewEmail();
        _ids["spare_user"] = (await _premises.Admin.Call<User>("create_user",
            new { email, password = "Korrekt-Pferd-7", first_name = "Spare", last_name = "User", role = "NURSE" })).Id.ToString();
        _spare = await ApiClient.LogIn(email, "Korrekt-Pferd-7");
        var nurse = _premises.People[Callers.Nurse];
        _ids["user_id"] = _ids["spare_user"];
        _ids["call_id"] = $"{await new ChatStreamClient(nurse.Http, nurse.AccessToken).Start("What is anemia?")}";
        using var prompt = await nurse.Http.PostAsJsonAsync("/api/mcp/prompts/invoke", new { prompt = "emergency_triage", initial_data = new { } });
        _ids["session_id"] = (await prompt.Content.ReadFromJsonAsync<PromptSession>(ApiClient.CompleteOptions))!.SessionId.ToString();
    }

    private async Task AddTools()
    {
        foreach (var tool in ToolCatalogue.All.Values.Where(t => !t.Name.Contains("_prompt", StringComparison.Ordinal)))
        {
            var (draft, caller) = (new ParameterGenerator(tool), _premises.CallersAllowed(tool).First());
            // The fixture's own users and hospital must survive.
            var parameters = await draft.Generate(draft.Optional, kind => (tool.Effect, kind) switch
            {
                (not Effect.Read, "hospital") when tool.Name.EndsWith("_hospital", StringComparison.Ordinal) => Task.FromResult(_ids["spare_hospital"]),
                (not Effect.Read, "user") => Task.FromResult(_ids["spare_user"]),
                // Specialties are shared by all hospitals.
                (not Effect.Read, "specialty") => Task.FromResult(_ids["spare_specialty"]),
                _ => _premises.FindOrCreateId(kind, caller),
            });
            // Hashing a password in every attempt would dominate the test.
            if (tool.Name == "update_user")
                foreach (var secret in parameters.Select(p => p.Key).Where(p => p.Contains("password", StringComparison.Ordinal)).ToArray())
                    parameters.Remove(secret);
            _calls.Add((tool, caller, parameters));
            Add(caller, "POST", $"/api/mcp/tools/{tool.Name}", parameters);
            Add(caller, "POST", "/api/mcp/tools/invoke", new JsonObject { ["tool"] = tool.Name, ["params"] = parameters.DeepClone() });
        }
        var reads = _calls.Where(c => c.Tool.Effect == Effect.Read && _premises.CallersAllowed(c.Tool).Contains(_premises.Admin)).Chunk(5);
        foreach (var some in reads)
            Add(_premises.Admin, "POST", "/api/mcp/batch",
                new JsonObject
                {
                    ["requests"] = new JsonArray([.. some.Select(
                        c => new JsonObject { ["tool"] = c.Tool.Name, ["params"] = c.Parameters.DeepClone(), ["idempotency_key"] = $"{Guid.NewGuid()}" })])
                });
    }

    /// <summary>Adds the operations of the document with its examples, except the tools' own paths, which are added already.</summary>
    private async Task AddDocumentedOperations()
    {
        var document = JsonNode.Parse(await _premises.Admin.Http.GetStringAsync("/api/openapi.json"))!;
        foreach (var (path, operations) in document["paths"]!.AsObject())
        {
            if (path.StartsWith("/api/mcp/tools/", StringComparison.Ordinal) && path != "/api/mcp/tools/invoke") continue;
            foreach (var (method, operation) in operations!.AsObject())
            {
                var parameters = (operation!["parameters"]?.AsArray() ?? []).Select(p => p!).ToArray();
                var (target, isAuth) = (await FillPath(path), path.StartsWith("/api/auth/", StringComparison.Ordinal));
                var query = string.Join('&', parameters.Where(p => (string?)p["in"] == "query" && (string?)p["name"] != "ticket")
                    .Select(p => $"{p["name"]}={Uri.EscapeDataString(Query(path, (string)p["name"]!))}"));
                // A logout may end only the spare session, and failed logins may lock only an account that does not exist.
                var caller = isAuth ? _spare : path.StartsWith("/mcp/", StringComparison.Ordinal)
                    || path.Contains("prompts", StringComparison.Ordinal) ? _premises.People[Callers.Nurse] : _premises.Admin;
                var examples = operation["requestBody"]?["content"]?["application/json"]?["examples"]?.AsObject().Select(e => e.Value!["value"]) ?? [null];
                foreach (var example in examples)
                {
                    var body = isAuth && example is JsonObject ? new JsonObject(example.AsObject().Select(f => KeyValuePair.Create(f.Key, (JsonNode?)(f.Key
                        == "refresh_token" ? _spare.RefreshToken : f.Key == "email" ? "nobody@fuzz.example" : "no such password")))) : example;
                    if (query.Length > 0) Add(caller, method.ToUpperInvariant(), $"{target}?{query}", body);
                    Add(caller, method.ToUpperInvariant(), target, body);
                }
            }
        }
        foreach (var page in (string[])["/api/docs/", "/api/redoc/", "/health", "/alive", "/"]) Add(_premises.Admin, "GET", page, null);
        var parts = JsonNode.Parse("""
            {"tool": "openai_chat", "input": {"messages": [{"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
             {"role": "user", "content": "What is anemia?"}], "temperature": 0, "stream": true, "max_tokens": 5}, "metadata": {"a": [1]},
             "session_id": "fuzz", "request_id": "fuzz-1"}
            """);
        Add(_premises.People[Callers.Nurse], "POST", "/mcp/execute", parts);
        foreach (var prompt in (string[])["appointment_booking", "patient_onboarding", "emergency_triage"])
            Add(_premises.People[Callers.Nurse], "POST", "/api/mcp/prompts/invoke",
                new JsonObject { ["prompt"] = prompt, ["initial_data"] = new JsonObject { ["first_name"] = "Ann" } });
        foreach (var input in (string[])["""{"first_name": "Ann"}""", """{"complaint": "Headache", "age": 40}""", "{}"])
            Add(_premises.People[Callers.Nurse], "POST", $"/api/mcp/prompts/sessions/{_ids["session_id"]}",
                new JsonObject { ["input"] = JsonNode.Parse(input) });
    }

    private void AddMessages()
    {
        foreach (var (tool, _, parameters) in _calls.Where(c => _premises.CallersAllowed(c.Tool).Contains(_premises.Admin)))
            Message(new JsonObject
            {
                ["type"] = "tool_invoke", ["request_id"] = "fuzz-1", ["tool"] = tool.Name, ["params"] = parameters.DeepClone(), ["idempotency_key"] = "fuzz"
            });
        foreach (var resource in (string[])["appointments", "patients", "triage"])
            foreach (var type in (string[])["subscribe", "unsubscribe"])
                Message(new JsonObject { ["type"] = type, ["resource"] = resource, ["request_id"] = "fuzz-2" });
        for (var i = 0; i < 5; i++)
            Message(new JsonObject
            {
                ["type"] = "auth", ["token"] = _premises.Admin.AccessToken, ["resources"] = new JsonArray("appointments"),
                ["last_event_id"] = "1769954400000-41.1769954400000-3.1769954400000-7", ["request_id"] = "fuzz-3"
            });

        void Message(JsonObject message) => Messages.Add(Encoding.UTF8.GetBytes(message.ToJsonString()));
    }

    private void Add(ApiClient caller, string method, string target, JsonNode? body)
    {
        var request = new RawHttpRequest(method, target, body is null ? null : Encoding.UTF8.GetBytes(body.ToJsonString()));
        if (body is not null) request.Headers.Add(("Content-Type", "application/json"));
        request.Headers.Add(("Authorization", $"Bearer {caller.AccessToken}"));
        Requests.Add(request);
    }

    private async Task<string> FillPath(string path)
    {
        while (path.IndexOf('{') is >= 0 and var from)
        {
            var name = path[(from + 1)..path.IndexOf('}')];
            path = path.Replace($"{{{name}}}", name == "id" ? await Id(path.Split('/')[^2]) : _ids.GetValueOrDefault(name)
                ?? throw new Xunit.Sdk.XunitException($"The fuzzer has no {name} for {path}."), StringComparison.Ordinal);
        }
        return path;
    }

    private async Task<string> Id(string resource)
    {
        using var listed = await _premises.Admin.Http.GetAsync($"/api/mcp/resources/{(resource == "reports" ? "analytics/reports" : resource)}?limit=1");
        return listed.IsSuccessStatusCode && (await listed.Content.ReadFromJsonAsync<JsonNode>())!["results"]!.AsArray() is [{ } first, ..]
            ? first["id"]!.ToString()
            : $"{Guid.Empty}";
    }

    private string Query(string path, string name) => name switch
    {
        "page" => "1",
        "after" => "0",
        "hospital_id" => $"{_premises.Admin.HospitalId}",
        "limit" => "3",
        "sort" => "-created_at",
        "filter" =>
            path.EndsWith("dashboard", StringComparison.Ordinal) ? "{}" : """{"created_at":{"gte":"2026-01-01T00:00:00Z","lt":"2030-01-01T00:00:00Z"}}""",
        "fields" => "id,created_at",
        "expand" => "hospital",
        "resources" => "appointments,patients",
        "last_event_id" => path.StartsWith("/mcp/", StringComparison.Ordinal) ? "1" : "1769954400000-41.1769954400000-3.1769954400000-7",
        _ => "x",
    };
}
