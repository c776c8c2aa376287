using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.EndToEnd.Endpoints;

public sealed class InvokeToolEndpointsTests
{
    private static readonly Guid Nobody = Guid.CreateVersion7();

    [Theory]
    [InlineData("/api/mcp/tools/invoke")]
    [InlineData("/api/mcp/tools/invoke/")]
    public async Task The_answer_is_the_tools_bare_result(string path)
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        using var response = await doctor.Http.PostAsync(path, Json("""{"tool":"list_hospitals"}"""));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal(["results", "total", "page", "limit", "has_more"], body.AsObject().Select(f => f.Key));
    }

    [Fact]
    public async Task Every_answer_carries_the_requests_id_and_its_trace_which_is_our_own()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        foreach (var (method, path, body) in new[] { ("POST", "/api/mcp/tools/invoke", """{"tool":"list_hospitals"}"""), ("POST", "/api/mcp/tools/invoke",
            "{"), ("POST", "/api/mcp/batch", """{"requests":[{"tool":"list_hospitals"},{}]}"""), ("POST", "/api/mcp/batch", "{"), ("GET", "/api/mcp/batch",
                null), ("GET", "/api/mcp/tools", null), ("GET", "/nowhere", null), ("GET", "/healthz", null), ("POST", "/api/auth/login/", "{}") })
        {
            using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : Json(body) };
            request.Headers.Add("X-Request-Id", "mine-1");
            request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            using var response = await doctor.Http.SendAsync(request);

            Assert.Equal("mine-1", Assert.Single(response.Headers.GetValues("X-Request-Id")));
            var trace = Assert.Single(response.Headers.GetValues("traceparent"));
            Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$", trace);
            Assert.DoesNotContain("0af7651916cd43dd8448eb211c80319c", trace, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_refusal_of_a_service_names_the_id_that_the_client_gave_the_request()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
        {
            Content = Json($$$"""{"tool":"get_hospital","params":{"hospital_id":"{{{Nobody}}}"}}""")
        };
        request.Headers.Add("X-Request-Id", "from-far-away");

        var (status, error) = await Refusal(await doctor.Http.SendAsync(request));

        Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND"), (status, error.Code));
        Assert.Equal("from-far-away", (string?)error.Details["request_id"]);
    }

    [Fact]
    public async Task Every_bad_field_of_the_envelope_is_named_at_once()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        var (status, error) = await Refusal(await doctor.Http.PostAsync("/api/mcp/tools/invoke", Json("""{"tool":"list_hospital","params":7,"param":{}}""")));

        Assert.Equal((HttpStatusCode.BadRequest, "VALIDATION_ERROR"), (status, error.Code));
        Assert.Equal(["param", "params", "request_id", "tool"], error.Details.Select(d => d.Key).Order());
    }

    [Fact]
    public async Task A_field_that_is_called_as_the_id_of_the_request_is_told_beside_it()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        var (_, error) = await Refusal(await doctor.Http.PostAsync("/api/mcp/tools/invoke", Json("""{"tool":"list_doctors","request_id":"a","":1}""")));

        Assert.StartsWith("is not a field here", error.Details.Strings("request_id_field")[0], StringComparison.Ordinal);
        Assert.True(Guid.TryParse((string?)error.Details["request_id"], out _));
        Assert.NotNull(error.Details["\"\""]);
        Assert.Contains("request_id is not a field here", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_bad_parameter_is_named_at_once()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        var answer = await doctor.TryCall("list_hospitals", new { limt = 3, page = "one" });

        Assert.Equal("VALIDATION_ERROR", answer.Code);
        Assert.NotNull(answer.Details!["limt"]);
        Assert.NotNull(answer.Details["page"]);
    }

    [Theory]
    [InlineData("{", "application/json", 400)]
    [InlineData("", "application/json", 400)]
    [InlineData("tool=list_hospitals", "application/x-www-form-urlencoded", 415)]
    [InlineData("""{"tool":"list_hospitals"}""", "text/plain", 415)]
    [InlineData("""{"tool":"list_hospitals"}""", null, 415)]
    public async Task Malformed_JSON_is_refused_with_the_error_envelope(string body, string? type, int expected)
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = type is null ? null : new(type);

        var (status, error) = await Refusal(await doctor.Http.PostAsync("/api/mcp/tools/invoke", content));

        Assert.Equal((expected, "VALIDATION_ERROR"), ((int)status, error.Code));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 1)]
    [InlineData(true, 8 * 1024 * 1024)]
    [InlineData(false, 8 * 1024 * 1024)]
    public async Task A_body_beyond_a_mebibyte_is_refused_with_the_envelope(bool chunked, int beyond)
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke") { Content = Json(Padded(1024 * 1024 + beyond)) };
        request.Headers.TransferEncodingChunked = chunked;

        var (status, error) = await Refusal(await doctor.Http.SendAsync(request));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "VALIDATION_ERROR"), (status, error.Code));
    }

    [Fact]
    public async Task A_body_of_just_a_mebibyte_is_read()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        using var response = await doctor.Http.PostAsync("/api/mcp/tools/invoke", Json(Padded(1024 * 1024)));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/api/mcp/tools/invoke", 405)]
    [InlineData("DELETE", "/api/mcp/tools", 405)]
    [InlineData("GET", "/api/mcp/nothing", 404)]
    [InlineData("GET", "/nothing", 404)]
    public async Task Unknown_paths_and_methods_are_refused_with_the_envelope(string method, string path, int expected)
    {
        var house = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };

        using var response = await http.SendAsync(new(new(method), path));
        var (status, error) = await Refusal(response);

        Assert.Equal(expected, (int)status);
        Assert.Equal(Assert.Single(response.Headers.GetValues("X-Request-Id")), (string?)error.Details["request_id"]);
        if (expected == 405) Assert.NotEmpty(response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("/api/mcp/tools")]
    [InlineData("/api/openapi.json")]
    [InlineData("/.well-known/jwks.json")]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task A_slash_at_the_end_makes_no_difference(string path)
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        Assert.Equal(await doctor.Http.GetStringAsync(path), await doctor.Http.GetStringAsync(path + "/"));
    }

    [Theory]
    [InlineData(null, "AUTH_REQUIRED")]
    [InlineData("Bearer nonsense", "AUTH_INVALID")]
    [InlineData("Basic YTpi", "AUTH_INVALID")]
    [InlineData("Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJyb2xlIjoiQURNSU4ifQ.", "AUTH_INVALID")]
    public async Task Without_a_token_that_counts_nothing_is_done(string? authorization, string code)
    {
        var house = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke") { Content = Json("""{"tool":"list_hospitals"}""") };
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);

        var (status, error) = await Refusal(await http.SendAsync(request));

        Assert.Equal((HttpStatusCode.Unauthorized, code), (status, error.Code));
    }

    [Fact]
    public async Task A_role_without_the_tool_is_told_so_whether_or_not_the_id_exists()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var (exists, not) = (await nurse.TryCall("delete_hospital", new { hospital_id = nurse.HospitalId }),
            await nurse.TryCall("delete_hospital", new { hospital_id = Nobody }));

        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (exists.Status, exists.Code));
        Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (not.Status, not.Code));
        Assert.Equal(exists.Error.Message, not.Error.Message);
    }

    [Fact]
    public async Task Identity_headers_from_clients_are_ignored()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke") { Content = Json("""{"tool":"list_hospitals"}""") };
        request.Headers.Add("X-Hospital-Id", DemoTenants.Hospitals[1].Id.ToString());
        request.Headers.Add("X-User-Id", DemoTenants.PlatformAdmin.Id.ToString());
        request.Headers.Add("X-Role", "ADMIN");

        using var response = await nurse.Http.SendAsync(request);
        var listed = (await response.Content.ReadFromJsonAsync<Page<Contracts.Hospital.Hospital>>(ApiClient.CompleteOptions))!.Results;

        Assert.Equal(nurse.HospitalId, Assert.Single(listed).Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public async Task An_idempotency_key_has_bounds(int length)
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke") { Content = Json("""{"tool":"list_hospitals"}""") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", new string('k', length));

        var (status, error) = await Refusal(await doctor.Http.SendAsync(request));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.NotNull(error.Details["Idempotency-Key"]);
    }

    [Fact]
    public async Task A_tool_on_its_own_path_takes_its_parameters_as_the_body_and_no_body_as_none()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        using var me = await doctor.Http.PostAsync("/api/mcp/tools/get_current_user", null);
        using var page = await doctor.Http.PostAsync("/api/mcp/tools/list_doctors/", Json("""{"limit":1}"""));

        Assert.Equal(doctor.Id, (await me.Content.ReadFromJsonAsync<User>(ApiClient.CompleteOptions))!.Id);
        Assert.Single((await page.Content.ReadFromJsonAsync<Page<Doctor>>(ApiClient.CompleteOptions))!.Results);
    }

    [Fact]
    public async Task A_write_on_its_own_path_and_its_repetition_in_an_envelope_are_one()
    {
        var admin = await ApiClient.LogInShared("admin@medcor.example");
        var (key, code) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString("N")[..12].ToUpperInvariant());
        var parameters = $$"""{"code":"{{code}}","name":"Specialty {{code}}"}""";

        var (first, isReplay) = await Sent("/api/mcp/tools/create_specialty", parameters);
        var (again, isReplayAgain) = await Sent("/api/mcp/tools/invoke", $$"""{"tool":"create_specialty","params":{{parameters}}}""");

        Assert.Equal((first, false, true), (again, isReplay, isReplayAgain));
        Assert.Equal(code, JsonSerializer.Deserialize<Specialty>(first, ApiClient.CompleteOptions)!.Code);

        async Task<(string Body, bool IsReplay)> Sent(string path, string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Json(body), Headers = { { "Idempotency-Key", key } } };
            using var response = await admin.Http.SendAsync(request);
            return (await response.Content.ReadAsStringAsync(), response.Headers.Contains("Idempotent-Replayed"));
        }
    }

    [Theory]
    [InlineData("no_such_tool", "{}", "application/json", HttpStatusCode.NotFound, "RESOURCE_NOT_FOUND")]
    [InlineData("create_hospital", "{}", "application/json", HttpStatusCode.Forbidden, "PERMISSION_DENIED")]
    [InlineData("list_doctors", "{", "application/json", HttpStatusCode.BadRequest, "VALIDATION_ERROR")]
    [InlineData("list_doctors", "[]", "application/json", HttpStatusCode.BadRequest, "VALIDATION_ERROR")]
    [InlineData("list_doctors", """{"tool":"list_doctors"}""", "application/json", HttpStatusCode.BadRequest, "VALIDATION_ERROR")]
    [InlineData("list_doctors", "limit=1", "application/x-www-form-urlencoded", HttpStatusCode.UnsupportedMediaType, "VALIDATION_ERROR")]
    public async Task Errors_on_a_tools_own_path_are_the_same_as_everywhere(string tool, string body, string type, HttpStatusCode status, string code)
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        var (answered, error) = await Refusal(await doctor.Http.PostAsync($"/api/mcp/tools/{tool}", new StringContent(body, Encoding.UTF8, type)));

        Assert.Equal((status, code), (answered, error.Code));
    }

    private static string Padded(int length) => """{"tool":"list_hospitals"}""".PadRight(length);

    private static StringContent Json(string body) => new(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private static async Task<(HttpStatusCode, Problem Error)> Refusal(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return (response.StatusCode, await response.ReadError());
    }
}
