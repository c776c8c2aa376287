using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.HttpPipeline;

/// <summary>Tests the conventions that hold for every mapped path, whatever is behind it.</summary>
public sealed class HttpConventionsTests
{
    private const string Page = "http://localhost:5173";

    private static readonly string[] Unmapped = ["/health", "/alive", "/api/docs/index.html", "/api/redoc/index.html", "/api/docs/swagger-ui.css"];

    [Fact]
    public async Task HEAD_answers_as_GET_does_without_a_body()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        var paths = MappedRoutes.SampleAddresses.Where(a => a.Methods.Contains("GET")).Select(a => a.Path).Concat(Unmapped).ToArray();
        Assert.True(paths.Length > 25);

        var wrongs = new List<string>();
        foreach (var path in paths)
        {
            using var got = await Send(admin.Http, HttpMethod.Get, path);
            using var headed = await Send(admin.Http, HttpMethod.Head, path);
            if (Told(got) != Told(headed)) wrongs.Add($"{path}: {Told(got)} and {Told(headed)}");
            if ((await headed.Content.ReadAsByteArrayAsync()).Length > 0) wrongs.Add($"{path}: a body");
        }

        Assert.Empty(wrongs);

        static string Told(HttpResponseMessage answer) =>
            $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType} {answer.Headers.ETag} {answer.Headers.CacheControl} "
                + $"{string.Join(',', answer.Headers.Vary)}";
    }

    [Fact]
    public async Task No_answer_is_taken_for_another_type_and_none_about_a_caller_is_kept()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");
        foreach (var path in MappedRoutes.SampleAddresses.Where(a => a.Methods.Contains("GET")).Select(a => a.Path).Concat(Unmapped))
        {
            using var answer = await Send(admin.Http, HttpMethod.Get, path);
            Assert.Equal((path, "nosniff"), (path, Header(answer, "X-Content-Type-Options")));
        }

        using var own = await Send(admin.Http, HttpMethod.Post, "/api/mcp/tools/invoke",
            request => request.Content = JsonContent.Create(new { tool = "get_current_user", @params = new { } }));
        Assert.Equal((HttpStatusCode.OK, true), (own.StatusCode, own.Headers.CacheControl?.NoStore));
    }

    [Fact]
    public async Task A_path_tells_what_it_takes_to_OPTIONS_and_to_a_method_that_it_does_not_take()
    {
        using var http = await Anybody();
        foreach (var (path, methods) in MappedRoutes.SampleAddresses.Concat(
            from path in Unmapped.Concat(["/api/docs", "/api/docs/", "/api/redoc", "/api/redoc/"]) select (path, (string[])["GET", "HEAD"])))
        {
            HttpMethod[] writing = [HttpMethod.Patch, HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete];
            foreach (var wrong in writing.Where(m => !methods.Contains(m.Method)))
            {
                using var options = await Send(http, HttpMethod.Options, path);
                using var refused = await Send(http, wrong, path);

                Assert.Equal((path, HttpStatusCode.NoContent), (path, options.StatusCode));
                Assert.Equal([path, .. methods.Append("OPTIONS").Order()], [path, .. options.Content.Headers.Allow.Order()]);
                Assert.Equal((path, HttpStatusCode.MethodNotAllowed), (path, refused.StatusCode));
                Assert.Equal([path, .. methods.Order()], [path, .. refused.Content.Headers.Allow.Order()]);
                Assert.NotNull((await refused.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["message"]);
            }
        }
    }

    [Fact]
    public async Task A_path_that_reads_nothing_from_its_query_names_what_stands_there_and_does_nothing()
    {
        var (admin, asked) = (await ApiClient.LogInShared("admin@general.example"), 0);
        foreach (var (path, methods) in MappedRoutes.SampleAddresses.Where(a => a.Path.StartsWith("/api/mcp/", StringComparison.Ordinal)
            || a.Path.StartsWith("/api/auth/", StringComparison.Ordinal) || a.Path.StartsWith("/mcp/", StringComparison.Ordinal)))
            foreach (var method in methods)
            {
                // A request that is not a WebSocket is refused there before its query is read.
                if (path == "/api/mcp/ws" || method == "HEAD") continue;
                using var answer = await Send(admin.Http, new(method), $"{path}?nonsense=1",
                    to => to.Content = method == "POST" ? JsonContent.Create(new { }) : null);

                var refused = path.StartsWith("/mcp/", StringComparison.Ordinal) ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.BadRequest;
                Assert.Equal($"{method} {path} {refused}", $"{method} {path} {answer.StatusCode}");
                Assert.Contains("nonsense", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
                asked++;
            }
        Assert.True(asked > 40, $"{asked} were asked.");
    }

    /// <summary>RFC 6750, section 3: an error is named only when a token was sent.</summary>
    [Fact]
    public async Task Unauthenticated_requests_get_a_WWW_Authenticate_challenge()
    {
        using var http = await Anybody();
        var (without, with) = (0, 0);
        // MCP has a challenge of its own, which leads to the authorization server.
        foreach (var (path, methods) in MappedRoutes.SampleAddresses.Where(a => a.Path.TrimEnd('/') != "/mcp"))
            foreach (var method in methods)
            {
                using var nobody = await Send(http, new(method), path, to => Fill(to, method));
                using var forged = await Send(http, new(method), path, to => { Fill(to, method); to.Headers.Authorization = new("Bearer", "no.token.atall"); });
                if (nobody.StatusCode == HttpStatusCode.Unauthorized)
                {
                    without++;
                    Assert.Equal([path, "Bearer realm=\"medcor\""], [path, .. nobody.Headers.GetValues("WWW-Authenticate")]);
                }
                if (forged.StatusCode != HttpStatusCode.Unauthorized
                    && !(path.StartsWith("/mcp/", StringComparison.Ordinal) && forged.StatusCode == HttpStatusCode.Forbidden)) continue;
                with++;
                Assert.StartsWith("Bearer realm=\"medcor\", error=\"invalid_token\", error_description=\"",
                    Assert.Single(forged.Headers.GetValues("WWW-Authenticate")), StringComparison.Ordinal);
            }
        Assert.True(without > 30 && with > 30, $"{without} and {with}");

        foreach (var path in (string[])["/api/mcp/sse?ticket=abc", "/mcp/stream/01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54?ticket=abc"])
        {
            using var spent = await Send(http, HttpMethod.Get, path);
            Assert.Contains("error=\"invalid_token\"", Assert.Single(spent.Headers.GetValues("WWW-Authenticate")), StringComparison.Ordinal);
        }

        static void Fill(HttpRequestMessage request, string method)
        {
            if (method == "POST") request.Content = JsonContent.Create(new { });
        }
    }

    [Fact]
    public async Task A_page_of_another_origin_may_read_every_answer_where_its_origin_is_allowed()
    {
        using var http = await Anybody();
        foreach (var (path, methods) in MappedRoutes.SampleAddresses.Where(a => !IsOfAuthorizationServer(a.Path)).Append(("/no/such/path", ["GET"])))
            foreach (var (origin, isAllowed) in new[] { (Page, true), ("https://elsewhere.example", false) })
            {
                using var preflight = await Send(http, HttpMethod.Options, path, to =>
                {
                    to.Headers.Add("Origin", origin);
                    to.Headers.Add("Access-Control-Request-Method", methods[0]);
                    to.Headers.Add("Access-Control-Request-Headers",
                        "authorization,content-type,idempotency-key,last-event-id,if-none-match,x-request-id,traceparent");
                });
                using var answer = await Send(http, new(methods[0]), path, to => to.Headers.Add("Origin", origin));

                Assert.Equal((path, HttpStatusCode.NoContent), (path, preflight.StatusCode));
                Assert.Equal([path, isAllowed ? origin : ""], [path, Header(preflight, "Access-Control-Allow-Origin")]);
                Assert.Equal([path, isAllowed ? origin : ""], [path, Header(answer, "Access-Control-Allow-Origin")]);
                foreach (var either in new[] { preflight, answer }) Assert.Contains("Origin", either.Headers.Vary);
                Assert.False(preflight.Headers.Contains("RateLimit"));
                Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
                if (!isAllowed) continue;
                Assert.Contains("authorization", Header(preflight, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
                Assert.Contains(methods[0], Header(preflight, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
                foreach (var name in (string[])["X-Request-Id", "traceparent", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed",
                    "ETag", "WWW-Authenticate", "MCP-Protocol-Version", "Mcp-Session-Id"])
                    Assert.Contains(name, Header(answer, "Access-Control-Expose-Headers").Split(','), StringComparer.OrdinalIgnoreCase);
            }

        static bool IsOfAuthorizationServer(string path) =>
            path.StartsWith("/.well-known/", StringComparison.Ordinal) || path.StartsWith("/oauth/", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/.well-known/oauth-protected-resource/mcp", true)]
    [InlineData("GET", "/.well-known/oauth-authorization-server", true)]
    [InlineData("GET", "/.well-known/jwks.json", true)]
    [InlineData("POST", "/oauth/token", true)]
    [InlineData("POST", "/oauth/register", true)]
    [InlineData("POST", "/oauth/revoke", true)]
    [InlineData("GET", "/oauth/authorize", false)]
    [InlineData("POST", "/oauth/login", false)]
    [InlineData("POST", "/oauth/forgot", false)]
    public async Task Every_page_may_find_and_use_the_authorization_server_and_none_may_read_its_pages(string method, string path, bool isOpen)
    {
        using var http = await Anybody();
        foreach (var origin in (string[])[Page, "https://elsewhere.example"])
        {
            using var preflight = await Send(http, HttpMethod.Options, path, to =>
            {
                to.Headers.Add("Origin", origin);
                to.Headers.Add("Access-Control-Request-Method", method);
                to.Headers.Add("Access-Control-Request-Headers", "content-type");
            });
            using var answer = await Send(http, new(method), path, to => to.Headers.Add("Origin", origin));

            foreach (var either in new[] { preflight, answer })
            {
                Assert.Equal(isOpen ? "*" : "", Header(either, "Access-Control-Allow-Origin"));
                Assert.False(either.Headers.Contains("Access-Control-Allow-Credentials"));
            }
            if (isOpen) Assert.Contains("content-type", Header(preflight, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_preflight_says_again_only_what_is_the_name_of_a_header()
    {
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.Latin1 };
        using var http = new HttpClient(handler) { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };

        using var preflight = await Send(http, HttpMethod.Options, "/api/mcp/tools", to =>
        {
            to.Headers.Add("Origin", Page);
            to.Headers.Add("Access-Control-Request-Method", "GET");
            to.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", "authorization, größe, x y, x-request-id");
        });

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("authorization,x-request-id", Header(preflight, "Access-Control-Allow-Headers"));
    }

    [Theory]
    [InlineData("https://elsewhere.example", false)]
    [InlineData("null", false)]
    [InlineData("http://localhost.elsewhere.example", false)]
    [InlineData(Page, true)]
    [InlineData(null, true)]
    public async Task A_page_of_another_origin_opens_no_WebSocket(string? origin, bool isAllowed)
    {
        var house = await MedCorFixture.Get();
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        if (origin is not null) socket.Options.SetRequestHeader("Origin", origin);

        var opened = socket.ConnectAsync(new UriBuilder(house.Gateways[0]) { Scheme = "ws", Path = "/api/mcp/ws" }.Uri, CancellationToken.None);

        if (isAllowed) await opened;
        else
        {
            await Assert.ThrowsAsync<WebSocketException>(() => opened);
            Assert.Equal(HttpStatusCode.Forbidden, socket.HttpStatusCode);
        }
    }

    [Theory]
    [InlineData("gzip", null)]
    [InlineData("br", null)]
    [InlineData("deflate, gzip", null)]
    [InlineData("zebra", null)]
    [InlineData(null, "application/json; charset=utf-16")]
    [InlineData(null, "application/json; charset=\"iso-8859-1\"")]
    public async Task A_body_in_a_form_that_is_not_read_is_refused_with_the_reason(string? coding, string? type)
    {
        using var http = await Anybody();
        var zipped = new MemoryStream();
        await using (var zip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true)) await zip.WriteAsync("{}"u8.ToArray());
        foreach (var (path, _) in MappedRoutes.SampleAddresses.Where(a => a.Methods.Contains("POST")))
        {
            using var answer = await Send(http, HttpMethod.Post, path, to =>
            {
                to.Content = new ByteArrayContent(zipped.ToArray());
                to.Content.Headers.TryAddWithoutValidation("Content-Type", type ?? "application/json");
                if (coding is not null) to.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
            });

            Assert.Equal((path, HttpStatusCode.UnsupportedMediaType), (path, answer.StatusCode));
            Assert.Contains(coding is null ? "UTF-8" : "Content-Encoding", (string)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["message"]!,
                StringComparison.Ordinal);
            if (coding is not null) Assert.Equal("identity", Header(answer, "Accept-Encoding"));
        }
    }

    [Theory]
    [InlineData("application/json; charset=UTF-8", null, false)]
    [InlineData("application/json; charset=\"utf-8\"", "identity", false)]
    [InlineData("application/json", null, true)]
    public async Task A_body_is_UTF_8_with_or_without_a_byte_order_mark(string type, string? coding, bool marked)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        using var answer = await Send(nurse.Http, HttpMethod.Post, "/api/mcp/tools/invoke", to =>
        {
            to.Content = new ByteArrayContent([.. marked ? Encoding.UTF8.Preamble : [],
                .. """{"tool": "list_specialties", "params": {"search": "Cardio"}}"""u8]);
            to.Content.Headers.TryAddWithoutValidation("Content-Type", type);
            if (coding is not null) to.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
            to.Headers.ExpectContinue = true;
        });

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    /// <summary>Sent as bytes, because a client library would not send them.</summary>
    [Theory]
    [InlineData("GET /healthz", "X-Note: caf\u00e9", 200)]
    [InlineData("GET /.well-known/jwks.json", "User-Agent: caf\u00e9/1", 200)]
    [InlineData("POST /api/auth/refresh", "User-Agent: caf\u00e9/1", 400)]
    [InlineData("GET /api/mcp/tools", "Authorization: Bearer caf\u00e9", 401)]
    [InlineData("GET /healthz", "X-Request-Id: caf\u00e9", 200)]
    [InlineData("GET /api/mcp/tools?caf%E9", "Accept: text/plain", 401)]
    [InlineData("TRACE /healthz", "Accept: */*", 405)]
    [InlineData("GET //healthz", "Accept: */*", 404)]
    [InlineData("GET /HealthZ/", "Host: elsewhere.example", 200)]
    public async Task An_odd_request_is_answered_by_what_it_asks_for(string line, string header, int expected)
    {
        var house = await MedCorFixture.Get();
        using var connection = new TcpClient();
        await connection.ConnectAsync(house.Gateways[0].Host, house.Gateways[0].Port);
        var host = header.StartsWith("Host", StringComparison.Ordinal) ? "" : "Host: localhost\r\n";
        await connection.GetStream()
            .WriteAsync(Encoding.Latin1.GetBytes($"{line} HTTP/1.1\r\n{host}{header}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        using var reader = new StreamReader(connection.GetStream(), Encoding.UTF8);

        var answer = await reader.ReadToEndAsync();

        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {expected} "), answer, StringComparison.Ordinal);
        Assert.Contains("X-Request-Id: ", answer, StringComparison.Ordinal);
        if (expected >= 400) Assert.Contains("\"error\":{\"code\":", answer, StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> Send(HttpClient http, HttpMethod method, string path, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        change?.Invoke(request);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : "";

    private static async Task<HttpClient> Anybody() => new() { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
}
