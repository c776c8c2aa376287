using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using MedCor.Hosting.Dashboard;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;

namespace MedCor.Tests.AppHost.Dashboard;

/// <summary>A dashboard without a host: it shows what is sent to it.</summary>
internal sealed class OwnDashboard : IAsyncDisposable
{
    private static readonly Lazy<Task<OwnDashboard>> HouseOnce = new(OpenForTheHouse);

    private readonly DashboardServer server;
    private readonly HttpClient service = new();

    private OwnDashboard(int port)
    {
        var access = new Access(port);
        server = new DashboardServer(port, [], access, telemetryElsewhere: null);
        Key = access.TelemetryKey;
        service.BaseAddress = User.BaseAddress = new(server.Url);
        service.DefaultRequestHeaders.Add(Access.TelemetryHeader, Key);
        // So that a body which is too large is refused before it is sent, and the answer heard.
        service.DefaultRequestHeaders.ExpectContinue = true;
    }

    public Uri Address => User.BaseAddress!;

    /// <summary>What a service sends telemetry with.</summary>
    public string Key { get; }

    /// <summary>The address that a browser opens first.</summary>
    public string Login => server.Login;

    /// <summary>Somebody who has come by it.</summary>
    public HttpClient User { get; } = new();

    public static async Task<OwnDashboard> Start()
    {
        var dashboard = new OwnDashboard(OwnGateway.FreePort());
        await dashboard.server.StartAsync(CancellationToken.None);
        using var answer = await dashboard.User.GetAsync(new Uri(dashboard.Login));
        answer.EnsureSuccessStatusCode();
        return dashboard;
    }

    /// <summary>One for all tests, to which the house's receiver passes on what the services send from now on.</summary>
    public static Task<OwnDashboard> OfTheHouse() => HouseOnce.Value;

    /// <summary>Sends a body as a service does.</summary>
    public Task<HttpResponseMessage> Send(string signal, byte[] body, string contentType = "application/x-protobuf") =>
        service.PostAsync(new Uri($"/v1/{signal}", UriKind.Relative), new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } });

    public async Task<JsonNode> Get(string path) => JsonNode.Parse(await User.GetStringAsync(new Uri(path, UriKind.Relative)))!;

    /// <summary>A metric's series; none before anybody sent it.</summary>
    public async Task<JsonArray> Series(string metric)
    {
        using var answer = await User.GetAsync(new Uri($"/api/metrics/{metric}", UriKind.Relative));
        if (answer.StatusCode == HttpStatusCode.NotFound) return [];
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["series"]!.AsArray();
    }

    /// <summary>The names, or tools, of the traces that a search finds, the newest first.</summary>
    public async Task<string[]> Traces(string query = "") =>
        [.. (await Get($"/api/traces?{query}"))["traces"]!.AsArray().Select(t => (string?)t!["tools"]!.AsArray().FirstOrDefault() ?? (string)t["name"]!)];

    private static async Task<OwnDashboard> OpenForTheHouse()
    {
        var (house, dashboard) = (await RunningHouse.Get(), await Start());
        house.Telemetry.PassOn(async (signal, body) =>
        {
            using var answer = await dashboard.Send(signal, body);
            answer.EnsureSuccessStatusCode();
        });
        return dashboard;
    }

    public async ValueTask DisposeAsync()
    {
        User.Dispose();
        service.Dispose();
        await server.DisposeAsync();
    }
}
