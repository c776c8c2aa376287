using System.Net.Http.Json;

namespace MedCor.Tests.EndToEnd;

/// <summary>
/// Tests how many requests a call sends to its service's database, besides the commit: each costs more than most of what PostgreSQL then does.
/// docs/measuring.md has what else a call costs.
/// </summary>
public sealed class CallCostTests
{
    [Theory]
    [InlineData("hospital", "get_hospital", 1)]
    [InlineData("clinical", "get_appointment", 1)]
    [InlineData("clinical", "list_appointments", 1)]
    [InlineData("clinical", "list_appointment_slots", 2)]
    [InlineData("analytics", "get_hospital_statistics", 2)]
    [InlineData("hospital", "create_department", 2)]
    [InlineData("clinical", "create_appointment", 4)]
    public async Task A_call_sends_no_more_requests_to_the_database(string service, string tool, int requests)
    {
        var house = await MedCorFixture.Get();
        var ward = await ClinicFixture.Open("riverside");
        object parameters = tool switch
        {
            "get_hospital" => new { hospital_id = ward.Admin.HospitalId },
            "get_appointment" => new { appointment_id = (await ward.Book("10:00:00")).Id },
            "list_appointments" => new { patient_id = ward.Patient },
            "list_appointment_slots" => new { doctor_id = ward.Doctor, date = ward.Weekday() },
            "create_department" => new { name = "Cost", code = $"{Guid.NewGuid():N}" },
            "create_appointment" => ward.BookingRequest("11:00:00"),
            _ => new { },
        };

        using var response = await ward.Admin.Http.PostAsJsonAsync("/api/mcp/tools/invoke", new { tool, @params = parameters });

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var trace = response.Headers.GetValues("traceparent").Single().Split('-')[1];
        Span[] Spans() => [.. house.Telemetry.Spans.Where(s => s.TraceId == trace && s.Service == service)];
        // The span of the request ends after those of its statements.
        await Wait.Until(() => Task.FromResult(Spans().Any(s => s.Kind == 2)), $"{service} has exported the span of the request");
        Assert.Equal(requests, Spans().Count(s => s.Name == "postgresql"));
    }
}
