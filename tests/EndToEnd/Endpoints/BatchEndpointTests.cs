using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Endpoints;

public sealed class BatchEndpointTests
{
    [Theory]
    [InlineData("/api/mcp/batch")]
    [InlineData("/api/mcp/batch/")]
    public async Task Results_come_in_the_order_of_the_requests_and_one_failing_stops_no_other(string path)
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");

        var answer = await Batch(nurse, """
            {"requests": [
              {"tool": "get_current_user"},
              {"tool": "no_such_tool", "params": {}},
              {"tool": "list_hospitals", "params": {"limt": 1, "page": "one"}},
              {"tool": "delete_hospital", "params": {"hospital_id": "01980000-0000-7000-8000-000000000001"}},
              {"tool": "get_user", "params": {"user_id": "01980000-0000-7000-8000-0000000fffff"}},
              7,
              {"tool": "get_current_user", "parameters": {}, "idempotency_key": ""},
              {"tool": "list_hospitals", "params": { "limit" : 1 }},
              {"tool": "\ud800", "idempotency_key": "\ud800"},
              {"tool": "get_current_user", "params": null, "idempotency_key": null}
            ]}
            """, path);

        Assert.Equal(["result", "error", "error", "error", "error", "error", "error", "result", "error", "result"],
            answer.Select(item => Assert.Single(item!.AsObject()).Key));
        Assert.Equal(nurse.Id, (Guid)answer[0]!["result"]!["id"]!);
        Assert.Equal(["results", "total", "page", "limit", "has_more"], answer[7]!["result"]!.AsObject().Select(f => f.Key));
        Assert.Equal(["VALIDATION_ERROR", "VALIDATION_ERROR", "PERMISSION_DENIED", "RESOURCE_NOT_FOUND", "VALIDATION_ERROR", "VALIDATION_ERROR"],
            answer.Skip(1).Take(6).Select(item => (string)item!["error"]!["code"]!));
        Assert.Equal(["tool"], Fields(answer[1]));
        Assert.Equal(["limt", "page"], Fields(answer[2]));
        Assert.Equal(["body"], Fields(answer[5]));
        Assert.Equal(["idempotency_key", "parameters"], Fields(answer[6]));
        Assert.Equal(["idempotency_key", "tool"], Fields(answer[8]));
        Assert.Equal("must be valid Unicode", (string?)answer[8]!["error"]!["details"]!["idempotency_key"]![0]);
        Assert.Equal(nurse.Id, (Guid)answer[9]!["result"]!["id"]!);
        Assert.All(answer.Skip(1).Take(6), item => Assert.Equal(["code", "message", "details", "timestamp"], item!["error"]!.AsObject().Select(f => f.Key)));
        Assert.All(answer.Skip(1).Take(6), item => Assert.NotNull(item!["error"]!["details"]!["request_id"]));
    }

    [Fact]
    public async Task A_hundred_are_answered_each_in_its_place()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        var requests = Enumerable.Range(1, 100).Select(page => new { tool = "list_hospitals", @params = new { page } });

        var answer = await Batch(doctor, new { requests });

        Assert.Equal(Enumerable.Range(1, 100), answer.Select(item => (int)item!["result"]!["page"]!));
    }

    [Theory]
    [InlineData("{", "body")]
    [InlineData("[]", "body")]
    [InlineData("{}", "requests")]
    [InlineData("""{"request": [], "requests": 7}""", "request", "requests")]
    [InlineData("""{"requests": {}}""", "requests")]
    [InlineData("""{"\ud800": {}}""", "body")]
    [InlineData("""{"requests": []}""", "requests")]
    [InlineData("""{"requests": [{}], "requests": [{}]}""", "requests")]
    [InlineData("""{"requests": [{}], "request": [], "more": 1}""", "more", "request")]
    [InlineData("""{"requests": [{"tool": "list_hospitals"}]} {}""", "body")]
    [InlineData("""{"requests": [{"tool": "list_hospitals"},""", "body")]
    public async Task A_malformed_batch_is_refused_as_a_whole(string body, params string[] fields)
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");

        using var response = await doctor.Http.PostAsync("/api/mcp/batch", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(fields, Fields(await response.Content.ReadFromJsonAsync<JsonNode>()));
    }

    [Fact]
    public async Task More_than_a_hundred_are_refused_and_none_is_made()
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var emails = Enumerable.Range(0, 101).Select(_ => TestUser.NewEmail()).ToArray();

        using var response = await admin.Http.PostAsJsonAsync("/api/mcp/batch", new { requests = emails.Select(NewPatient) });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(0, await (await MedCorFixture.Get()).QueryNumber("identity", "SELECT count(*) FROM users WHERE email = ANY($1)", [emails]));
    }

    [Fact]
    public async Task A_write_with_the_same_key_happens_once_in_a_batch_and_across_batches()
    {
        var clinic = await ClinicFixture.Open("general");
        var key = Guid.NewGuid().ToString();
        object Book(string time) => new { tool = "create_appointment", @params = clinic.BookingRequest(time), idempotency_key = key };

        // The first request takes effect, even when another with its key arrives at the same time.
        var answer = await Batch(clinic.Nurse, new { requests = new[] { Book("10:00:00"), Book("10:00:00"), Book("11:00:00") } });

        Assert.Equal(["result"], answer[0]!.AsObject().Select(f => f.Key));
        Assert.Equal(["result", "idempotent_replayed"], answer[1]!.AsObject().Select(f => f.Key));
        Assert.Equal((string)answer[0]!["result"]!["id"]!, (string)answer[1]!["result"]!["id"]!);
        Assert.Equal("CONFLICT", (string)answer[2]!["error"]!["code"]!);

        var again = await Batch(clinic.Nurse, new { requests = new[] { Book("10:00:00") } });
        Assert.Equal(((string)answer[0]!["result"]!["id"]!, true), ((string)again[0]!["result"]!["id"]!, (bool)again[0]!["idempotent_replayed"]!));
        Assert.Equal(1, await (await MedCorFixture.Get()).QueryNumber("clinical", "SELECT count(*) FROM appointments WHERE doctor_id = $1", clinic.Doctor));
    }

    [Fact]
    public async Task One_key_with_two_tools_is_two_writes()
    {
        var clinic = await ClinicFixture.Open("general");
        var key = Guid.NewGuid().ToString();
        object[] writes =
        [
            new { tool = "create_appointment", @params = clinic.BookingRequest("10:00:00"), idempotency_key = key },
            new { tool = "create_department", @params = new { name = "Sleep", code = key[..8] }, idempotency_key = key },
            new { tool = "update_user", @params = new { user_id = clinic.Patient, first_name = "Renamed" }, idempotency_key = key },
        ];

        var first = await Batch(clinic.Admin, new { requests = writes });
        var second = await Batch(clinic.Admin, new { requests = writes });

        Assert.All(first, item => Assert.Equal(["result"], item!.AsObject().Select(f => f.Key)));
        Assert.All(second, item => Assert.True((bool)item!["idempotent_replayed"]!));
        Assert.Equal(first.Select(item => item!["result"]!.ToJsonString()), second.Select(item => item!["result"]!.ToJsonString()));
    }

    [Fact]
    public async Task The_header_of_a_single_call_is_refused_rather_than_ignored()
    {
        var doctor = await ApiClient.LogInShared("doctor@general.example");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/batch")
        {
            Content = JsonContent.Create(new { requests = new[] { new { tool = "list_hospitals" } } })
        };
        request.Headers.Add("Idempotency-Key", "one");

        using var response = await doctor.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(["Idempotency-Key"], Fields(await response.Content.ReadFromJsonAsync<JsonNode>()));
    }

    private static object NewPatient(string email) =>
        new { tool = "create_user", @params = new { email, password = "Korrekt-Pferd-7", first_name = "Robin", last_name = "Testperson", role = "PATIENT" } };

    private static Task<JsonArray> Batch(ApiClient client, object body) => Batch(client, System.Text.Json.JsonSerializer.Serialize(body));

    private static async Task<JsonArray> Batch(ApiClient client, string body, string path = "/api/mcp/batch")
    {
        using var response = await client.Http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal((HttpStatusCode.OK, "application/json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!.AsArray();
    }

    private static IEnumerable<string> Fields(JsonNode? item) =>
        item!["error"]!["details"]!.AsObject().Select(d => d.Key).Where(d => d != "request_id").Order();
}
