using System.Diagnostics;

namespace MedCor.Tests.AppHost.Dashboard;

public sealed class TraceSearchTests
{
    private static readonly string[] Names = ["a", "b"];

    [Fact]
    public async Task A_trace_is_found_by_its_tool_status_duration_time_service_and_ids()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");
        using var identity = new Sender(dashboard.Address, dashboard.Key, "identity");
        gateway.Call("list_doctors", 20, secondsAgo: 120);
        gateway.Call("create_appointment", 15, "CONFLICT", secondsAgo: 90);
        var slow = gateway.Call("create_appointment", 3000, secondsAgo: 60, requestId: "a-request");
        gateway.Call("cancel_appointment", 40, "SERVER_ERROR", secondsAgo: 30);
        identity.Span("POST /token", 50, secondsAgo: 10, tags: [("http.response.status_code", 200)]);
        gateway.Flush();
        identity.Flush();

        Assert.Equal(["POST /token", "cancel_appointment", "create_appointment", "create_appointment", "list_doctors"], await dashboard.Traces());
        Assert.Equal(["create_appointment", "create_appointment"], await dashboard.Traces("tool=create_appointment"));
        Assert.Equal(["create_appointment"], await dashboard.Traces("status=refused"));
        Assert.Equal(["cancel_appointment"], await dashboard.Traces("status=failed"));
        Assert.Equal(["create_appointment"], await dashboard.Traces("min=2999"));
        Assert.Equal(["create_appointment", "list_doctors"], await dashboard.Traces("max=20"));
        Assert.Equal(["POST /token", "cancel_appointment"], await dashboard.Traces("minutes=0.75"));
        Assert.Equal(["POST /token"], await dashboard.Traces("service=identity"));
        Assert.Equal(["create_appointment"], await dashboard.Traces($"id={slow.TraceId.ToHexString()[..12]}"));
        Assert.Equal(["create_appointment"], await dashboard.Traces("id=a-request"));
        Assert.Equal(["create_appointment"], await dashboard.Traces("tool=create_appointment&status=ok&min=1000"));
        Assert.Empty(await dashboard.Traces("tool=list_doctors&min=1000"));
    }

    [Fact]
    public async Task What_nobody_asked_for_is_shown_to_who_asks_for_it()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var service = new Sender(dashboard.Address, dashboard.Key);
        service.Span("postgresql", 1, ActivityKind.Client);
        service.Flush();

        Assert.Empty(await dashboard.Traces());
        Assert.Equal(["postgresql"], await dashboard.Traces("background=yes"));
    }

    [Fact]
    public async Task A_trace_has_the_spans_of_all_services_with_their_attributes_and_logs()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");
        using var clinical = new Sender(dashboard.Address, dashboard.Key);
        var call = gateway.Call("create_appointment", 100, secondsAgo: 1);
        var statement = clinical.Span("postgresql", 80, ActivityKind.Client, call, tags: [("db.query.text", "INSERT INTO appointments"), ("rows", 3L), ("prepared", true), ("share", 0.5), ("names", Names)],
            within: () => clinical.Log.Waited("doctor"));
        gateway.Flush();
        clinical.Flush();

        var trace = await dashboard.Get($"/api/traces/{call.TraceId}");

        Assert.Equal(["gateway-1", "clinical-1"], trace["spans"]!.AsArray().Select(s => (string)s!["instance"]!));
        var span = trace["spans"]![1]!;
        Assert.Equal((statement.SpanId.ToHexString(), call.SpanId.ToHexString(), "client"), ((string)span["id"]!, (string)span["parent"]!, (string)span["kind"]!));
        Assert.Equal(80, (double)span["duration"]!, tolerance: 0.01);
        Assert.Equal(
            ["db.query.text=INSERT INTO appointments", "rows=3", "prepared=true", "share=0.5", "names=[a, b]"],
            span["attributes"]!.AsArray().Select(a => $"{a![0]}={a[1]}"));
        var line = Assert.Single(trace["logs"]!.AsArray())!;
        Assert.Equal(("Waited for doctor", "warning", (string)span["id"]!), ((string)line["message"]!, (string)line["level"]!, (string)line["span"]!));
    }

    [Fact]
    public async Task A_trace_that_is_not_there_is_not_found()
    {
        await using var dashboard = await OwnDashboard.Start();

        using var answer = await dashboard.User.GetAsync(new Uri("/api/traces/00000000000000000000000000000000", UriKind.Relative));

        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }
}
