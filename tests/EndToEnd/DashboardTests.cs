using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Tests.AppHost.Dashboard;
using MedCor.Tests.Clinical;
using Microsoft.Playwright;
using Npgsql;
using static Microsoft.Playwright.Assertions;

namespace MedCor.Tests.EndToEnd;

/// <summary>What the running services send is what the dashboard explains them by.</summary>
public class DashboardTests
{
    [FactInBrowser]
    public async Task A_slow_booking_is_found_by_its_tool_and_duration_and_explained_by_the_statement_that_waited()
    {
        var dashboard = await OwnDashboard.OfTheHouse();
        var trace = await BookSlowly();
        JsonArray spans = [];
        await Wait.Until(
            async () => (await dashboard.Traces($"id={trace}")).Length == 1 && (spans = (await dashboard.Get($"/api/traces/{trace}"))["spans"]!.AsArray()).Any(s => s!.ToJsonString().Contains("INSERT INTO appointments", StringComparison.Ordinal)),
            "the statement that waited has come",
            explain: () => string.Join('\n', spans.Select(s => $"{s!["service"]} {s["name"]} {s["duration"]}")));
        await using var page = await Browser.PageOf(dashboard.Login);

        await page.GetByRole(AriaRole.Link, new() { Name = "Traces", Exact = true }).ClickAsync();
        await Expect(page.Locator("#trace-tool option[value=create_appointment]")).ToBeAttachedAsync();
        await page.GetByLabel("Tool").First.SelectOptionAsync("create_appointment");
        await page.GetByLabel("Took at least").FillAsync("2500");
        await page.Locator($"#trace-rows tr[data-id='{trace}'] a").ClickAsync();

        await Expect(page.Locator("#trace-view h2")).ToHaveTextAsync("create_appointment");
        await Expect(page.Locator("#slowest")).ToContainTextAsync("clinical");
        await Expect(page.Locator("#slowest")).ToContainTextAsync("INSERT INTO appointments");
        await Expect(page.Locator("#span-detail pre")).ToContainTextAsync("INSERT INTO appointments");
        await Expect(page.Locator(".span-row", new() { HasText = "analytics receive" })).ToBeVisibleAsync();
        await Expect(page.Locator(".span-row[aria-selected=true]")).ToContainTextAsync("INSERT INTO appointments");
    }

    [Fact]
    public async Task A_refused_call_is_found_as_refused_by_its_request_id()
    {
        var dashboard = await OwnDashboard.OfTheHouse();
        var ward = await Ward.Open();
        await ward.Book("09:00:00");
        var id = $"refused-{Guid.NewGuid():N}";

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke") { Content = JsonContent.Create(new { tool = "create_appointment", @params = ward.Wish("09:00:00") }) };
        request.Headers.Add("X-Request-Id", id);
        using var response = await ward.Nurse.Http.SendAsync(request);
        Assert.Equal(System.Net.HttpStatusCode.Conflict, response.StatusCode);

        await Wait.Until(async () => (await dashboard.Traces($"id={id}&status=refused&tool=create_appointment&service=clinical")).Length == 1, "the trace is found");
    }

    [Fact]
    public async Task Each_call_of_a_batch_is_found()
    {
        var dashboard = await OwnDashboard.OfTheHouse();
        var nurse = (await Ward.ToLookAt()).Nurse;
        var id = $"batch-{Guid.NewGuid():N}";

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/batch") { Content = JsonContent.Create(new { requests = new object[] { new { tool = "list_doctors", @params = new { limit = 1 } }, new { tool = "get_current_user" } } }) };
        request.Headers.Add("X-Request-Id", id);
        using var response = await nurse.Http.SendAsync(request);
        response.EnsureSuccessStatusCode();

        await Wait.Until(async () => (await dashboard.Traces($"id={id}&tool=list_doctors")).Length == 1 && (await dashboard.Traces($"id={id}&tool=get_current_user")).Length == 1, "the trace is found by each tool");
    }

    /// <summary>
    /// Books a time that somebody else is about to take, and for a while does not decide on; the trace of the booking.
    /// </summary>
    private static async Task<string> BookSlowly()
    {
        var (house, ward) = (await RunningHouse.Get(), await Ward.Open());
        // A replica that has never booked before takes its own time for it; calls take turns between the two.
        for (var day = 2; day <= 7; day++) await ward.Book("09:00:00", ward.Day(day));
        var other = Guid.Parse((string)(await ward.Book("09:00:00"))["id"]!);
        await using var clinical = await house.Database("clinical");
        await using var undecided = await clinical.BeginTransactionAsync();
        await using (var move = new NpgsqlCommand("UPDATE appointments SET starts_at = starts_at + interval '2 hours', ends_at = ends_at + interval '2 hours' WHERE id = $1", clinical) { Parameters = { new() { Value = other } } })
            Assert.Equal(1, await move.ExecuteNonQueryAsync());

        var booking = ward.Nurse.Http.PostAsJsonAsync("/api/mcp/tools/invoke", new { tool = "create_appointment", @params = ward.Wish("11:00:00") });
        await Wait.Until(
            async () => await house.Count("clinical", "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)) AND clock_timestamp() - query_start > interval '3 seconds'", clinical.ProcessID) == 1,
            "the booking has waited for that long");
        await undecided.RollbackAsync();

        using var response = await booking;
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("traceparent").Single().Split('-')[1];
    }
}
