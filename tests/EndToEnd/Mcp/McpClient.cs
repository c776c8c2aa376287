using System.Net;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Mcp;

/// <summary>Represents a client of MCP that sends exactly what a test says.</summary>
internal sealed class McpClient(HttpClient http)
{
    /// <summary>The version without a handshake, which nearly all tests use.</summary>
    public const string Modern = "2026-07-28";

    /// <summary>The newest version with a handshake.</summary>
    public const string Legacy = "2025-11-25";

    public static readonly string[] AllScopes = ["medcor.read", "medcor.write", "medcor.delete", "medcor.clinical"];

    private int _lastId;

    public HttpClient Http => http;

    /// <summary>Gets the ID of the last request.</summary>
    public int LastId => _lastId;

    /// <summary>Gets or sets what follows the path, such as <c>?read_only=true</c>.</summary>
    public string Query { get; init; } = "";

    /// <summary>Creates a client for a user who allows scopes.</summary>
    public static async Task<McpClient> Authorize(string email, string password = "Demo-Medcor-2026", string[]? scopes = null, int gateway = 0)
    {
        scopes ??= AllScopes;
        using var client = await OAuthClient.Register();
        var callback = await client.Authorize(email, password, scopes,
            changes: [("scope", string.Join(' ', scopes)), ("resource", client.Issuer + "/mcp")]);
        var (status, tokens) = await client.Redeem(callback["code"]);
        Assert.True(status == HttpStatusCode.OK, tokens.ToJsonString());
        return await WithToken(tokens.AccessToken(), gateway);
    }

    /// <summary>Creates a client with a token, or without any.</summary>
    public static async Task<McpClient> WithToken(string? token, int gateway = 0)
    {
        var house = await MedCorFixture.Get();
        var http = new HttpClient { BaseAddress = house.Gateways[gateway % house.Gateways.Count], Timeout = TimeSpan.FromMinutes(1) };
        if (token is not null) http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return new(http);
    }

    /// <summary>Sends a request of the version without a handshake and returns its result.</summary>
    public async Task<JsonObject> Get(string method, JsonObject? parameters = null)
    {
        var reply = await Send(method, parameters);
        return reply.Result ?? throw new Xunit.Sdk.XunitException($"{method} was answered {reply}");
    }

    /// <summary>Calls a tool.</summary>
    public Task<JsonObject> Call(string tool, JsonObject? arguments = null) =>
        Get("tools/call", new() { ["name"] = tool, ["arguments"] = arguments?.DeepClone() ?? new JsonObject() });

    /// <summary>Sends a request.</summary>
    public Task<McpReply> Send(string method, JsonObject? parameters = null, string version = Modern, JsonObject? meta = null, JsonObject? capabilities = null)
    {
        parameters = (JsonObject?)parameters?.DeepClone() ?? [];
        meta = (JsonObject?)meta?.DeepClone() ?? [];
        var headers = new Dictionary<string, string> { ["MCP-Protocol-Version"] = version };
        if (version == Modern)
        {
            meta["io.modelcontextprotocol/protocolVersion"] = version;
            meta["io.modelcontextprotocol/clientCapabilities"] = capabilities?.DeepClone() ?? new JsonObject();
            headers["Mcp-Method"] = method;
            if ((parameters["name"] ?? parameters["uri"]) is { } name) headers["Mcp-Name"] = (string)name!;
        }
        if (meta.Count > 0) parameters["_meta"] = meta;
        return SendRaw(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = ++_lastId, ["method"] = method, ["params"] = parameters }.ToJsonString(), headers);
    }

    /// <summary>Sends a body as it is.</summary>
    public async Task<McpReply> SendRaw(string body, IReadOnlyDictionary<string, string>? headers = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, $"/mcp{Query}");
        if (request.Method == HttpMethod.Post) request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers ?? new Dictionary<string, string>()) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var json = response.Content.Headers.ContentType?.MediaType == "text/event-stream"
            ? text.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line[6..]).LastOrDefault() ?? ""
            : text;
        return new(response.StatusCode, json.Length == 0 ? null : JsonNode.Parse(json) as JsonObject,
            response.Headers.TryGetValues("WWW-Authenticate", out var challenge) ? challenge.Single() : null, text);
    }
}

/// <summary>Represents what was answered.</summary>
internal sealed record McpReply(HttpStatusCode Status, JsonObject? Body, string? Challenge, string Text)
{
    public JsonObject? Result => Body?["result"] as JsonObject;
    public JsonObject? Error => Body?["error"] as JsonObject;
    public int? Code => (int?)Error?["code"];

    public override string ToString() => $"{(int)Status} {Text}";
}
