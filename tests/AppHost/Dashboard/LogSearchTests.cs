namespace MedCor.Tests.AppHost.Dashboard;

public sealed class LogSearchTests
{
    [Fact]
    public async Task Lines_are_found_by_service_level_text_and_trace()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var clinical = new Sender(dashboard.Address, dashboard.Key);
        using var billing = new Sender(dashboard.Address, dashboard.Key, "billing");
        var call = clinical.Span("a call", 1, within: () => clinical.Log.Served("Ada"));
        clinical.Log.Waited("Grace");
        clinical.Flush();
        billing.Log.Served("Grace");
        billing.Flush();

        Assert.Equal(["Served Ada", "Waited for Grace", "Served Grace"], await Messages(dashboard, ""));
        Assert.Equal(["Served Grace"], await Messages(dashboard, "service=billing"));
        Assert.Equal(["Waited for Grace"], await Messages(dashboard, "level=warning"));
        Assert.Equal(["Waited for Grace", "Served Grace"], await Messages(dashboard, "text=gRACE"));
        Assert.Equal(["Served Ada"], await Messages(dashboard, $"trace={call.TraceId}"));
    }

    [Fact]
    public async Task Who_comes_again_gets_what_is_new()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var clinical = new Sender(dashboard.Address, dashboard.Key);
        clinical.Log.Served("Ada");
        clinical.Flush();
        var seen = (long)(await dashboard.Get("/api/logs"))["last"]!;
        clinical.Log.Served("Grace");
        clinical.Flush();

        Assert.Equal(["Served Grace"], await Messages(dashboard, $"after={seen}"));
    }

    private static async Task<string[]> Messages(OwnDashboard dashboard, string query) =>
        [.. (await dashboard.Get($"/api/logs?{query}"))["records"]!.AsArray().Select(r => (string)r!["message"]!)];
}
