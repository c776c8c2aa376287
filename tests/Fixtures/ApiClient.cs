using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a logged-in user who calls MedCor through the gateway, as any client does.</summary>
public sealed class ApiClient(HttpClient http, string accessToken, string refreshToken, Guid id, Guid? hospitalId)
{
    public HttpClient Http => http;
    public string AccessToken => accessToken;
    public string RefreshToken => refreshToken;
    public Guid Id => id;
    public Guid? HospitalId => hospitalId;

    /// <summary>Logs in a user of the demo data, once for all tests. For tests that do not change the session.</summary>
    public static Task<ApiClient> LogInShared(string email) => SharedLogIns.GetOrAdd(email, e => new(() => LogIn(e))).Value;

    private static readonly ConcurrentDictionary<string, Lazy<Task<ApiClient>>> SharedLogIns = new();

    /// <summary>Logs in at a gateway replica of the running system.</summary>
    /// <param name="scope">The scopes to which the tokens are limited; null for all rights of the user's role.</param>
    /// <param name="beforeEachAttempt">Makes the login permissible where another test can forbid it at any moment; null where none does.</param>
    public static async Task<ApiClient> LogIn(
        string email, string password = "Demo-Medcor-2026", int gateway = 0, string? scope = null, Func<Task>? beforeEachAttempt = null)
    {
        var house = await MedCorFixture.Get();
        return await LogInAt(house.Gateways[gateway % house.Gateways.Count], email, password, scope, beforeEachAttempt);
    }

    /// <summary>Logs in at a given gateway.</summary>
    public static async Task<ApiClient> LogInAt(
        Uri gateway, string email, string password = "Demo-Medcor-2026", string? scope = null, Func<Task>? beforeEachAttempt = null)
    {
        var http = new HttpClient { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(60) };
        // Identity refuses logins beyond what it can hash at once; the client retries.
        HttpResponseMessage response = null!;
        await Wait.Until(async () =>
        {
            if (beforeEachAttempt is not null) await beforeEachAttempt();
            response = await http.PostAsJsonAsync("/api/auth/login/", new LogIn(email, password, scope), Json.Options);
            return response.StatusCode != HttpStatusCode.ServiceUnavailable && (beforeEachAttempt is null || response.StatusCode != HttpStatusCode.Forbidden);
        }, "a login", TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var login = (await response.Content.ReadFromJsonAsync<SessionTokens>(CompleteOptions))!;
        http.DefaultRequestHeaders.Authorization = new("Bearer", login.AccessToken);
        return new(http, login.AccessToken, login.RefreshToken, login.User.Id, login.User.HospitalId);
    }

    /// <summary>Invokes a tool and returns the response, whatever its status. Parameter names are sent as written.</summary>
    public async Task<ApiResponse> TryCall(string tool, object? parameters = null, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
        {
            Content = JsonContent.Create(new { tool, @params = parameters ?? new { } })
        };
        if (idempotencyKey is not null) request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, JsonNode.Parse(text)!, response.Headers.Contains("Idempotent-Replayed"));
    }

    /// <summary>
    /// Invokes a tool, expects the status 200 and returns the result. Where the system is too busy, the call is repeated with its key for a minute, as the
    /// error tells clients to.
    /// </summary>
    public async Task<JsonNode> Call(string tool, object? parameters = null)
    {
        var (key, answer) = (Guid.NewGuid().ToString(), (ApiResponse?)null);
        await Wait.Until(async () => (answer = await TryCall(tool, parameters, key)).Status != HttpStatusCode.ServiceUnavailable,
            $"{tool} is answered", TimeSpan.FromMinutes(1), () => answer?.Body.ToJsonString() ?? "");
        Assert.True(answer!.Status == HttpStatusCode.OK,
            $"{tool} answered {(int)answer.Status}: {answer.Body.ToJsonString(new JsonSerializerOptions { WriteIndented = true })}");
        return answer.Body;
    }

    /// <summary>Invokes a tool, expects the status 200 and reads the result as its contract, of which no field may be missing.</summary>
    public async Task<T> Call<T>(string tool, object? parameters = null) => (await Call(tool, parameters)).Deserialize<T>(CompleteOptions)!;

    /// <summary>Reads a path, expects the status 200 and reads the response as its contract, of which no field may be missing.</summary>
    public async Task<T> Get<T>(string path) => (await http.GetFromJsonAsync<T>(path, CompleteOptions))!;

    internal static readonly JsonSerializerOptions CompleteOptions = new(Json.Options) { RespectRequiredConstructorParameters = true };
}

/// <summary>Represents the response to a tool call.</summary>
public sealed record ApiResponse(HttpStatusCode Status, JsonNode Body, bool IsReplay = false)
{
    public string? Code => (string?)Body["error"]?["code"];
    public JsonNode? Details => Body["error"]?["details"];

    /// <summary>Gets the error of a refused call.</summary>
    public Problem Error => Read<ErrorEnvelope>().Error;

    /// <summary>Reads the body as its contract, of which no field may be missing.</summary>
    public T Read<T>() => Body.Deserialize<T>(ApiClient.CompleteOptions)!;
}
