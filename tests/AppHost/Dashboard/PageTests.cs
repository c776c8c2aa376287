using System.Diagnostics;
using Microsoft.Playwright;
using MedCor.Tests.EndToEnd;
using static Microsoft.Playwright.Assertions;

namespace MedCor.Tests.AppHost.Dashboard;

/// <summary>The page in a browser: what it shows, that keys alone suffice, and that nothing in it comes from elsewhere or becomes a script.</summary>
[Collection(SharedHost.Name)]
public sealed class PageTests(RunningHost host)
{
    [FactInBrowser]
    public async Task Resources_are_shown_with_their_console_and_their_environment()
    {
        await using var page = await Browser.PageOf(host.Run().Dashboard!.Login);

        await Expect(page.Locator("#rows tr")).ToHaveCountAsync(6);
        await page.Locator("#rows").GetByRole(AriaRole.Button, new() { Name = "caller" }).ClickAsync();
        await Expect(page.Locator("#console")).ToContainTextAsync("Now listening on");
        await page.GetByRole(AriaRole.Tab, new() { Name = "Environment" }).ClickAsync();
        await Expect(page.Locator("#environment")).ToContainTextAsync("MCP_RATE_LIMIT");
    }

    [FactInBrowser]
    public async Task Names_that_are_markup_are_shown_as_text_in_every_view()
    {
        const string Markup = "<img src=x onerror=\"document.title='broken in'\">";
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, Markup);
        gateway.Meter.CreateUpDownCounter<long>("a.metric").Add(1, new KeyValuePair<string, object?>("label", Markup));
        gateway.Span(Markup, 20, tags: [("medcor.tool", Markup), (Markup, Markup)], within: () => gateway.Log.Waited(Markup));
        gateway.Flush();
        await using var page = await Browser.PageOf(dashboard.Login);
        var complaints = Complaints(page);

        await page.GetByRole(AriaRole.Link, new() { Name = "Traces", Exact = true }).ClickAsync();
        await page.Locator("#trace-rows").GetByRole(AriaRole.Link, new() { Name = Markup }).ClickAsync();
        await Expect(page.Locator("#span-detail")).ToContainTextAsync($"Waited for {Markup}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Logs", Exact = true }).ClickAsync();
        await Expect(page.Locator("#log-lines")).ToContainTextAsync($"Waited for {Markup}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Metrics", Exact = true }).ClickAsync();
        await page.Locator("#metric-name").SelectOptionAsync("a.metric");
        await Expect(page.Locator("#chart-other")).ToContainTextAsync(Markup);

        await Expect(page.Locator("main img")).ToHaveCountAsync(0);
        await Expect(page).ToHaveTitleAsync("MedCor");
        Assert.Empty(complaints);
    }

    [FactInBrowser]
    public async Task What_comes_while_one_looks_appears_by_itself()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");
        await using var page = await Browser.PageOf(dashboard.Login);
        await page.GotoAsync($"{dashboard.Address}#/logs?level=warning");
        await Expect(page.Locator("#log-note")).ToHaveTextAsync("No line is like that.");

        gateway.Log.Waited("Ada");
        gateway.Log.Served("Grace");
        gateway.Flush();

        await Expect(page.Locator("#log-lines details")).ToHaveCountAsync(1);
        await Expect(page.Locator("#log-lines")).ToContainTextAsync("Waited for Ada");

        await page.GotoAsync($"{dashboard.Address}#/traces?tool=list_doctors");
        await Expect(page.Locator("#trace-note")).ToContainTextAsync("No trace is like that.");
        gateway.Call("list_doctors", 10);
        gateway.Flush();
        await Expect(page.Locator("#trace-rows tr")).ToHaveCountAsync(1);
    }

    [FactInBrowser]
    public async Task A_trace_is_opened_and_gone_through_by_keys_alone()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");
        var call = gateway.Call("create_appointment", 100, secondsAgo: 1);
        var inner = gateway.Span("POST", 80, ActivityKind.Client, call, secondsAgo: 0.99);
        gateway.Span("a statement", 60, ActivityKind.Client, inner, secondsAgo: 0.98);
        gateway.Flush();
        await using var page = await Browser.PageOf(dashboard.Login);
        await page.GotoAsync($"{dashboard.Address}#/traces");

        await page.Locator("#trace-rows a").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var rows = page.Locator(".span-row");
        await Expect(rows).ToHaveCountAsync(3);
        await page.Locator("#slowest").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(rows.Nth(2)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("ArrowUp");
        await Expect(page.Locator("#span-detail h3")).ToContainTextAsync("POST");
        await page.Keyboard.PressAsync("ArrowLeft");
        await Expect(rows).ToHaveCountAsync(2);
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(rows).ToHaveCountAsync(3);
    }

    [FactInBrowser]
    public async Task What_had_to_go_is_said()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");
        for (var line = 1; line <= 20_100; line++)
        {
            gateway.Log.Served("Ada");
            if (line % 300 == 0) gateway.Flush();
        }
        await using var page = await Browser.PageOf(dashboard.Login);
        await page.GotoAsync($"{dashboard.Address}#/logs");

        await Expect(page.Locator("#log-note")).ToContainTextAsync("100 older lines were dropped");
    }

    [FactInBrowser]
    public async Task On_a_narrow_screen_nothing_lies_beyond_its_edge()
    {
        await using var dashboard = await OwnDashboard.Start();
        using var gateway = new Sender(dashboard.Address, dashboard.Key, "gateway");
        var call = gateway.Call("create_appointment", 2000);
        gateway.Flush();
        await using var page = await Browser.PageOf(dashboard.Login, width: 420);

        foreach (var view in (string[])["resources", "traces", $"traces/{call.TraceId}", "logs", "metrics"])
        {
            await page.GotoAsync($"{dashboard.Address}#/{view}");
            await Expect(page.Locator($"#{view.Split('/')[0]}")).ToBeVisibleAsync();
            Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 420, view);
        }
    }

    /// <summary>What the browser complains about: scripts that fail, and whatever the page's policy forbids.</summary>
    private static List<string> Complaints(IPage page)
    {
        var complaints = new List<string>();
        page.Console += (_, message) => { if (message.Type == "error") complaints.Add(message.Text); };
        page.PageError += (_, error) => complaints.Add(error);
        return complaints;
    }
}
