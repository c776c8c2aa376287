using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MedCor.Tests.EndToEnd.Forwarding;

public sealed class ForwardedEndpointsTests
{
    [Theory]
    [InlineData("/.well-known/jwks.json", "keys")]
    [InlineData("/.well-known/openid-configuration", "issuer")]
    [InlineData("/.well-known/oauth-authorization-server", "issuer")]
    public async Task Identitys_public_documents_are_served_through_the_gateway(string path, string field)
    {
        var system = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = system.Gateways[0] };

        Assert.NotNull((await http.GetFromJsonAsync<JsonNode>(path))![field]);
    }

    [Theory]
    [InlineData("GET", "/api/auth/login/", null, 405)]
    [InlineData("POST", "/api/auth/nothing", "{}", 404)]
    [InlineData("POST", "/api/auth/login/", "{", 400)]
    [InlineData("POST", "/api/auth/login/", "\uFEFF{", 400)]
    public async Task A_refusal_is_the_envelope_as_everywhere(string method, string path, string? body, int expected)
    {
        var system = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = system.Gateways[0] };
        using var request = new HttpRequestMessage(new(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json")
        };

        using var response = await http.SendAsync(request);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["details"]!["request_id"]);
    }

    [Theory]
    [InlineData(true, 16 * 1024)]
    [InlineData(false, 16 * 1024)]
    [InlineData(true, 1024 * 1024)]
    [InlineData(false, 1024 * 1024)]
    public async Task A_body_beyond_sixteen_kibibytes_is_refused_with_the_envelope(bool chunked, int bytes)
    {
        var system = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = system.Gateways[0] };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth/login/")
        {
            Content = new StringContent("{}".PadRight(bytes + 1), Encoding.UTF8, "application/json")
        };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("VALIDATION_ERROR", (await response.ReadError()).Code);
    }

    [Fact]
    public async Task A_service_is_told_by_the_gateway_alone_who_calls_from_where()
    {
        await using var service = await StubService.Start(http => http.Response.WriteAsJsonAsync(new { status = "ok" }));
        await using var gateway = await StartGateway(service.Address);

        foreach (var path in (string[])["/api/auth/login", "/mcp/cancel_all"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            foreach (var name in Claims) request.Headers.TryAddWithoutValidation(name, "claimed");
            request.Headers.Authorization = path.StartsWith("/mcp", StringComparison.Ordinal) ? new("Bearer", ServerToken) : null;
            using var answer = await gateway.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var (logIn, cancel) = (service.Requests[0], service.Requests[1]);
        Assert.Equal(("/api/auth/login", "{}"), (logIn.Path, logIn.Body));
        Assert.All(service.Requests, request => Assert.DoesNotContain(request.Headers, header => header.Value.Contains("claimed", StringComparison.Ordinal)));
        Assert.Equal("127.0.0.1", logIn.Headers["X-Client-Address"]);
        Assert.Equal(("/chat/calls/cancel", ""), (cancel.Path, cancel.Body));
        Assert.Equal(["Authorization", "Content-Length", "Host", "X-Client-Address", "X-Request-Id"],
            cancel.Headers.Keys.Except(["traceparent"], StringComparer.OrdinalIgnoreCase).Order(), StringComparer.OrdinalIgnoreCase);
        Assert.Equal(("127.0.0.1", $"Bearer {ServerToken}"), (cancel.Headers["X-Client-Address"], cancel.Headers["Authorization"]));
    }

    [Fact]
    public async Task A_service_that_is_away_or_breaks_off_is_an_error_in_the_form_of_its_path()
    {
        await using var service = await StubService.Start(http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        await using var broken = await StartGateway(service.Address);
        await using var away = await StartGateway("http://127.0.0.1:1");

        Assert.Equal("Identity is unavailable. Retry shortly.", await Error(broken, "/api/auth/login"));
        Assert.Equal("Identity is unavailable. Retry shortly.", await Error(away, "/api/auth/login"));
        Assert.Equal(
            "The service closed the connection before cancel_calls completed; the outcome is unknown. Retry shortly; a change with the same request_id.",
            await Error(broken, "/mcp/cancel_all"));
        Assert.Equal("cancel_calls is unavailable and was not called. Retry shortly.", await Error(away, "/mcp/cancel_all"));

        static async Task<string?> Error(ServiceProcess gateway, string path)
        {
            using var answer = await Post(gateway, path);
            var error = (await answer.Content.ReadFromJsonAsync<JsonObject>())!["error"]!;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(path.StartsWith("/mcp", StringComparison.Ordinal), error["error_code"] is not null);
            return (string?)error["message"];
        }
    }

    [Theory]
    [InlineData("/api/auth/login")]
    [InlineData("/mcp/cancel_all")]
    public async Task A_response_that_ends_in_the_middle_is_never_a_whole_one(string path)
    {
        var isBegun = new TaskCompletionSource();
        await using var service = await StubService.Start(async http =>
        {
            http.Response.ContentLength = 1000;
            await http.Response.WriteAsync("{\"status\": ");
            await http.Response.Body.FlushAsync();
            await isBegun.Task;
            http.Abort();
        });
        await using var gateway = await StartGateway(service.Address);

        using var answer = await Post(gateway, path);
        isBegun.SetResult();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_error_of_Chat_has_the_form_of_the_chat_API()
    {
        await using var service = await StubService.Start(http =>
        {
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return http.Response.WriteAsync(
                """{"error": {"code": "RATE_LIMIT", "message": "Too much.", "details": {"request_id": "1"}, "timestamp": "2026-11-29T12:00:00Z"}}""");
        });
        await using var gateway = await StartGateway(service.Address);

        using var answer = await Post(gateway, "/mcp/cancel_all");

        var error = (await answer.Content.ReadFromJsonAsync<ChatErrorEnvelope>(ApiClient.CompleteOptions))!.Error;
        Assert.Equal((HttpStatusCode.TooManyRequests, new ChatError("Too much.", "RATE_LIMIT", "RateLimitError")), (answer.StatusCode, error));
    }

    private const string ServerToken = "the-server-token-of-this-test-only";

    private static readonly string[] Claims =
        ["X-Forwarded-For", "X-Forwarded-Host", "X-User-Id", "X-Hospital-Id", "X-Client-Address", "X-Real-IP", "Forwarded", "traceparent",
            "baggage"];

    private static Task<ServiceProcess> StartGateway(string service) => ServiceProcess.Start(
        ("MCP_SERVER_TOKEN", ServerToken), ("services__identity__http__0", service), ("services__identity__http__1", null),
        ("services__chat__http__0", service), ("services__chat__http__1", null));

    private static Task<HttpResponseMessage> Post(ServiceProcess gateway, string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        if (path.StartsWith("/mcp", StringComparison.Ordinal)) request.Headers.Authorization = new("Bearer", ServerToken);
        return gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Answers requests as a test says, and records those that clients made.</summary>
    private sealed class StubService : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private StubService(WebApplication app) => _app = app;

        public string Address => _app.Urls.Single();

        public List<(string Path, Dictionary<string, string> Headers, string Body)> Requests { get; } = [];

        public static async Task<StubService> Start(RequestDelegate respond)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var stub = new StubService(builder.Build());
            stub._app.Run(async http =>
            {
                // The gateway asks for readiness, and for keys.
                if (HttpMethods.IsPost(http.Request.Method))
                {
                    var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
                    stub.Requests.Add((http.Request.Path, http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString()), body));
                    await respond(http);
                }
            });
            await stub._app.StartAsync();
            return stub;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
