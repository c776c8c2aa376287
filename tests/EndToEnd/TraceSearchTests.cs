using System.Net.Http.Json;
using Npgsql;

namespace MedCor.Tests.EndToEnd;

/// <summary>Tests that the telemetry of the running services suffices to find a call in a dashboard or collector and to explain it.</summary>
public class TraceSearchTests
{
    [Fact]
    public async Task A_slow_booking_is_found_by_its_tool_and_duration_and_explained_by_the_statement_that_waited()
    {
        var house = await MedCorFixture.Get();
        var trace = await BookSlowly();

        Span[] Slow() => [.. house.Telemetry.Spans.Where(s => s.TraceId == trace && s.Duration > TimeSpan.FromSeconds(2.5))];
        await Wait.Until(() => Task.FromResult(Slow().Any(s => s.Labels.GetValueOrDefault("medcor.tool") == "create_appointment")), "the call has come");
        await Wait.Until(
            () => Task.FromResult(Slow().Any(s => s.Service == "clinical"
                && s.Labels.Any(l => l.Key is "db.query.text" or "db.statement" && l.Value.Contains("INSERT INTO appointments", StringComparison.Ordinal)))),
            "the statement that waited has come",
            explain: () => string.Join('\n', Slow().Select(s => $"{s.Service} {s.Name} {s.Duration} {string.Join(' ', s.Labels)}")));
    }

    [Fact]
    public async Task A_refused_call_is_found_by_its_outcome_and_by_its_request_id()
    {
        var ward = await ClinicFixture.Open();
        await ward.Book("09:00:00");
        var id = $"refused-{Guid.NewGuid():N}";

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
        {
            Content = JsonContent.Create(new { tool = "create_appointment", @params = ward.BookingRequest("09:00:00") })
        };
        request.Headers.Add("X-Request-Id", id);
        using var response = await ward.Nurse.Http.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.Conflict, response.StatusCode);

        await TracedAs(id, spans => spans.Any(s => s.Service == "clinical")
            && spans.Count(s => IsServer(s) && IsRefused(s, "create_appointment", "CONFLICT")) == 2);
    }

    [Fact]
    public async Task The_requests_of_a_call_at_the_gateway_and_at_its_service_say_what_was_called_and_how_it_ended_and_only_a_failure_is_an_error()
    {
        var ward = await ClinicFixture.GetSharedReadOnly();
        var id = $"ended-{Guid.NewGuid():N}";
        async Task Call(string id, HttpMethod method, string path, object? body)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Add("X-Request-Id", id);
            using (await ward.Nurse.Http.SendAsync(request)) { }
        }

        await Call(id + "-ok", HttpMethod.Post, "/api/mcp/tools/invoke", new { tool = "list_doctors", @params = new { limit = 1 } });
        await Call(id + "-resource", HttpMethod.Get, $"/api/mcp/resources/doctors/{Guid.NewGuid()}", null);
        await Call(id + "-prompt", HttpMethod.Post, $"/api/mcp/prompts/sessions/{Guid.NewGuid()}", new { input = "x" });
        await Call(id + "-role", HttpMethod.Post, "/api/mcp/tools/create_hospital", new { });

        await TracedAs(id + "-ok", spans => spans.Count(s => IsServer(s) && s.Labels.GetValueOrDefault("medcor.tool") == "list_doctors"
            && s.Labels.GetValueOrDefault("medcor.outcome") == "ok" && !s.Labels.ContainsKey("medcor.error_code")) == 2);
        await TracedAs(id + "-resource",
            spans => spans.Count(s => IsServer(s) && IsRefused(s, "doctors", "RESOURCE_NOT_FOUND")) == 2 && !spans.Any(s => s.IsError));
        await TracedAs(id + "-prompt",
            spans => spans.Count(s => IsServer(s) && IsRefused(s, "answer_prompt", "VALIDATION_ERROR")) == 2 && !spans.Any(s => s.IsError));
        // The service records the refusal in the audit trail.
        await TracedAs(id + "-role",
            spans => spans.Count(s => IsServer(s) && IsRefused(s, "create_hospital", "PERMISSION_DENIED")) == 2 && !spans.Any(s => s.IsError));
    }

    [Fact]
    public async Task A_failed_call_is_found_by_its_outcome_and_is_an_error()
    {
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        var nowhere = $"http://127.0.0.1:{ServiceProcess.FreePort()}";
        await using var gateway = await ServiceProcess.Start(("services__identity__http__0", nowhere), ("services__identity__http__1", null));
        var id = $"failed-{Guid.NewGuid():N}";

        using var answer = await gateway.Post(nurse, "/api/mcp/tools/invoke", new { tool = "list_doctors", @params = new { } }, ("X-Request-Id", id));

        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        await TracedAs(id, spans => spans.Any(s => IsServer(s) && s.IsError && s.Labels.GetValueOrDefault("medcor.outcome") == "failed"
            && s.Labels.GetValueOrDefault("medcor.error_code") == "SERVER_ERROR"));
    }

    private static bool IsServer(Span span) => span.Kind == 2;

    private static bool IsRefused(Span span, string tool, string code) =>
        !span.IsError && span.Labels.GetValueOrDefault("medcor.tool") == tool && span.Labels.GetValueOrDefault("medcor.outcome") == "refused"
        && span.Labels.GetValueOrDefault("medcor.error_code") == code;

    [Fact]
    public async Task Each_call_of_a_batch_is_found()
    {
        var nurse = (await ClinicFixture.GetSharedReadOnly()).Nurse;
        var id = $"batch-{Guid.NewGuid():N}";

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/batch")
        {
            Content = JsonContent.Create(
                new { requests = new object[] { new { tool = "list_doctors", @params = new { limit = 1 } }, new { tool = "get_current_user" } } })
        };
        request.Headers.Add("X-Request-Id", id);
        using var response = await nurse.Http.SendAsync(request);
        response.EnsureSuccessStatusCode();

        await TracedAs(id, spans => spans.Select(s => s.Labels.GetValueOrDefault("medcor.tool")).OfType<string>().Distinct().Order()
            .SequenceEqual(["get_current_user", "list_doctors"]));
    }

    /// <summary>Waits until the spans of the single trace with this request ID satisfy a condition.</summary>
    private static async Task TracedAs(string requestId, Func<Span[], bool> holds)
    {
        var house = await MedCorFixture.Get();
        Span[] spans = [];
        await Wait.Until(
            () => Task.FromResult(house.Telemetry.Spans.Where(s => s.Labels.GetValueOrDefault("medcor.request_id") == requestId).Select(s => s.TraceId)
                .Distinct().ToArray() is [var trace]
                && holds(spans = [.. house.Telemetry.Spans.Where(s => s.TraceId == trace)])),
            "the trace is found", explain: () => string.Join('\n', spans.Select(s => $"{s.Service} {s.Name} {string.Join(' ', s.Labels)}")));
    }

    /// <summary>Books a time that another transaction has taken without committing for a while, and returns the ID of the booking's trace.</summary>
    private static async Task<string> BookSlowly()
    {
        var (house, ward) = (await MedCorFixture.Get(), await ClinicFixture.Open());
        // A replica's first booking is slow in itself, and calls alternate between the two replicas.
        for (var day = 2; day <= 7; day++) await ward.Book("09:00:00", ward.Weekday(day));
        var other = (await ward.Book("09:00:00")).Id;
        await using var clinical = await house.OpenDatabase("clinical");
        await using var undecided = await clinical.BeginTransactionAsync();
        await using (var move = new NpgsqlCommand(
            "UPDATE appointments SET starts_at = starts_at + interval '2 hours', ends_at = ends_at + interval '2 hours' WHERE id = $1", clinical)
        {
            Parameters = { new() { Value = other } },
        })
            Assert.Equal(1, await move.ExecuteNonQueryAsync());

        var booking = ward.Nurse.Http.PostAsJsonAsync("/api/mcp/tools/invoke", new { tool = "create_appointment", @params = ward.BookingRequest("11:00:00") });
        await Wait.Until(
            async () => await house.QueryNumber("clinical",
                "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)) AND clock_timestamp() - query_start > interval '3 seconds'",
                clinical.ProcessID) == 1,
            "the booking has waited for that long");
        await undecided.RollbackAsync();

        using var response = await booking;
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("traceparent").Single().Split('-')[1];
    }
}
