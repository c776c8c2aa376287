using System.Net;
using System.Text.Json.Nodes;
using MedCor.Hosting.Running;

namespace MedCor.Tests.AppHost.Dashboard;

[Collection(SharedHost.Name)]
public sealed class DashboardTests(RunningHost host) : IDisposable
{
    private readonly HttpClient _stranger = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly HttpClient _user = new();

    private StateFile.DashboardAddress Dashboard => host.Run().Dashboard!;

    [Theory]
    [InlineData("/")]
    [InlineData("/app.js")]
    [InlineData("/traces.js")]
    [InlineData("/api/traces")]
    [InlineData("/api/traces/00000000000000000000000000000000")]
    [InlineData("/api/logs")]
    [InlineData("/api/calls")]
    [InlineData("/api/metrics")]
    [InlineData("/api/resources")]
    [InlineData("/api/resources/caller/log")]
    [InlineData("/api/resources/caller/environment")]
    public async Task Nothing_is_shown_without_the_token(string path)
    {
        using var answer = await _stranger.GetAsync(new Uri(Dashboard.Url + path));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_wrong_token_opens_nothing()
    {
        using var answer = await _stranger.GetAsync(new Uri($"{Dashboard.Url}/login?t={new string('0', 32)}"));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task The_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_get()
    {
        using var answer = await _stranger.GetAsync(new Uri(Dashboard.Login));

        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=strict", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(Dashboard.Token, cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_points_here_from_elsewhere_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Dashboard.Login) { Headers = { Host = "medcor.attacker.example" } };
        using var answer = await _stranger.SendAsync(request);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Secrets_are_masked_and_other_values_shown()
    {
        await LogIn();
        var text = await _user.GetStringAsync(new Uri(Dashboard.Url + "/api/resources/caller/environment"));
        var variables = JsonNode.Parse(text)!.AsArray().ToDictionary(variable => (string)variable!["name"]!, variable => (string?)variable!["value"]);

        Assert.DoesNotContain(RunningHost.Secret, text, StringComparison.Ordinal);
        Assert.All(["MCP_SERVER_TOKEN", "ConnectionStrings__db", "ConnectionStrings__cache", "ConnectionStrings__messaging", "OTEL_EXPORTER_OTLP_HEADERS"], name =>
        {
            Assert.True(variables.ContainsKey(name), name);
            Assert.Null(variables[name]);
        });
        Assert.Equal("100", variables["MCP_RATE_LIMIT"]);
    }

    [Fact]
    public async Task What_runs_is_streamed_with_its_state()
    {
        await LogIn();
        var resources = (await Event(Dashboard.Url + "/api/resources", _ => true))["resources"]!.AsArray();

        Assert.Equal(["postgres", "cache", "messaging", "probe-1", "probe-2", "caller"], resources.Select(resource => (string)resource!["name"]!));
        Assert.All(resources, resource => Assert.True((bool)resource!["healthy"]!));
    }

    [Fact]
    public async Task The_console_is_streamed_from_what_was_said_before_to_what_is_said_next()
    {
        await LogIn();
        var line = $"hello {Guid.NewGuid()}";
        var seen = Event(Dashboard.Url + "/api/resources/probe-1/log", lines => lines.AsArray().Any(said => (string)said! == line));
        using var answer = await _user.PostAsync(new Uri($"{host.Instance("probe-1").Address}/say?line={line}"), content: null);

        await seen;
        await Event(Dashboard.Url + "/api/resources/probe-1/log", lines => lines.AsArray().Any(said => (string)said! == line));
    }

    [Fact]
    public async Task A_resource_is_stopped_and_started_by_a_command_that_no_other_site_can_send()
    {
        await LogIn();
        var probe = host.Instance("probe-1");
        using (var refused = await _user.PostAsync(new Uri(Dashboard.Url + "/api/resources/probe-1/stop"), content: null))
        {
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        _user.DefaultRequestHeaders.Add("X-MedCor-Dashboard", "1");
        var before = probe.Status.Pid;
        (await _user.PostAsync(new Uri(Dashboard.Url + "/api/resources/probe-1/stop"), content: null)).EnsureSuccessStatusCode().Dispose();
        Assert.Equal((State.Stopped, null), (probe.Status.State, probe.Status.Pid));

        (await _user.PostAsync(new Uri(Dashboard.Url + "/api/resources/probe-1/start"), content: null)).EnsureSuccessStatusCode().Dispose();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await probe.UntilAsync(one => one.Status.Healthy, patience.Token);
        Assert.NotEqual(before, probe.Status.Pid);
    }

    [Theory]
    [InlineData("traces")]
    [InlineData("metrics")]
    [InlineData("logs")]
    public async Task Telemetry_is_taken_with_the_key_and_refused_without(string signal)
    {
        var key = ((Service)host.Instance("caller").Workload).Environment.Single(variable => variable.Name == "OTEL_EXPORTER_OTLP_HEADERS").Value.Split('=', 2);
        var address = new Uri($"{Dashboard.Url}/v1/{signal}");

        using var refused = await _stranger.PostAsync(address, new ByteArrayContent([]));
        _stranger.DefaultRequestHeaders.Add(key[0], key[1]);
        using var taken = await _stranger.PostAsync(address, new ByteArrayContent([]) { Headers = { ContentType = new("application/x-protobuf") } });

        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
    }

    public void Dispose()
    {
        _stranger.Dispose();
        _user.Dispose();
    }

    private async Task LogIn() => (await _user.GetAsync(new Uri(Dashboard.Login))).EnsureSuccessStatusCode().Dispose();

    /// <summary>The first event of a stream that is the right one.</summary>
    private async Task<JsonNode> Event(string address, Func<JsonNode, bool> isRight)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var stream = await _user.GetStreamAsync(new Uri(address), patience.Token);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonNode.Parse(line["data: ".Length..]) is { } message && isRight(message))
            {
                return message;
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
