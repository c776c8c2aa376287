using System.Net.Http.Json;

namespace MedCor.Tests.EndToEnd;

/// <summary>Tests what a call costs that can be counted exactly. docs/measuring.md has the rest.</summary>
public sealed class CallCostTests
{
    /// <summary>Counts the commands, besides the commit. Each costs more than most of what PostgreSQL then does.</summary>
    [Theory]
    [InlineData("hospital", "get_hospital", 1)]
    [InlineData("clinical", "get_appointment", 1)]
    [InlineData("clinical", "list_appointments", 1)]
    [InlineData("clinical", "list_appointment_slots", 2)]
    [InlineData("analytics", "get_hospital_statistics", 1)]
    [InlineData("hospital", "create_department", 3)]
    [InlineData("clinical", "create_appointment", 4)]
    public async Task A_call_sends_no_more_requests_to_the_database(string service, string tool, int requests)
    {
        var house = await MedCorFixture.Get();
        var ward = await ClinicFixture.Open("riverside");
        // From here on, Clinical has its copies of the doctor and the patient.
        var booked = await ward.Book("10:00:00");
        object parameters = tool switch
        {
            "get_hospital" => new { hospital_id = ward.Admin.HospitalId },
            "get_appointment" => new { appointment_id = booked.Id },
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

    /// <summary>
    /// Counts in a process of its own, with a tenth to spare. What the process allocates without any call is subtracted, because calls take long on a busy
    /// machine.
    /// </summary>
    [Theory]
    [InlineData("gateway", "get_hospital", 20)]
    [InlineData("hospital", "get_hospital", 30)]
    [InlineData("clinical", "get_appointment", 65)]
    [InlineData("clinical", "create_appointment", 190)]
    public async Task A_call_allocates_no_more_memory(string service, string tool, int kibibytes)
    {
        var ward = await ClinicFixture.Open("riverside");
        var booked = await ward.Book("09:00:00", ward.Weekday(100));
        await using var process = await (service == "gateway" ? ServiceProcess.Start(("MCP_RATE_LIMIT", "0")) : ServiceProcess.StartService(service));
        var (warmUp, measured) = tool == "create_appointment" ? (100, 100) : (500, 1000);
        for (var i = 0; i < warmUp; i++) await Call(i);

        var counter = AllocationCounter.Start(process.Id);
        await WaitForReports(1);
        var (idle, start) = (counter.Bytes, counter.Reports);
        await WaitForReports(start + 5);
        var (before, end) = (counter.Bytes, counter.Reports);
        for (var i = 0; i < measured; i++) await Call(warmUp + i);
        await WaitForReports(counter.Reports + 2);

        var besides = (before - idle) / (end - start) * (counter.Reports - end);
        Assert.InRange((counter.Bytes - before - besides) / 1024 / measured, 1, kibibytes);

        Task WaitForReports(int count) => Wait.Until(() => Task.FromResult(counter.Reports >= count), "the process has reported what it allocated");

        async Task Call(int n)
        {
            object parameters = tool switch
            {
                "get_hospital" => new { hospital_id = ward.Admin.HospitalId },
                "get_appointment" => new { appointment_id = booked.Id },
                // A new doctor has sixteen slots on each weekday.
                _ => ward.BookingRequest($"{TimeOnly.FromTimeSpan(TimeSpan.FromHours(9) + n % 16 * TimeSpan.FromMinutes(30)):HH:mm:ss}",
                    ward.Weekday(1 + n / 16)),
            };
            using var response = service == "gateway"
                ? await process.Post(ward.Admin, "/api/mcp/tools/invoke", new { tool, @params = parameters })
                : await process.Post(ward.Admin, $"/tools/{tool}", parameters);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        }
    }
}
