using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MedCor.Tests.EndToEnd.Endpoints;

public sealed class WellKnownEndpointsTests
{
    private const string Keys = "/.well-known/jwks.json";

    [Theory]
    [InlineData("GET", "/.well-known/nothing", 404)]
    [InlineData("POST", Keys, 405)]
    [InlineData("DELETE", Keys, 405)]
    [InlineData("PUT", "/.well-known/nothing", 405)]
    [InlineData("HEAD", Keys, 200)]
    public async Task There_are_two_documents_to_read_and_nothing_else(string method, string path, int expected)
    {
        using var http = new HttpClient { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
        using var request = new HttpRequestMessage(new(method), path)
        {
            Content = method is "POST" or "PUT" ? new StringContent(new string(' ', 2 * 1024 * 1024), Encoding.UTF8, "application/json") : null
        };

        using var answer = await http.SendAsync(request);

        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Each_request_is_counted_by_address()
    {
        await using var gateway = await ServiceProcess.Start(("MCP_RATE_LIMIT", "10"), ("MCP_TRUSTED_PROXIES", "127.0.0.1"));
        async Task<HttpResponseMessage> Look(string path)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "X-Forwarded-For", "198.51.100.77" } } };
            return await gateway.Http.SendAsync(request);
        }

        for (var i = 0; i < 10; i++)
            using (var answer = await Look(i % 2 == 0 ? Keys : "/.well-known/nothing")) Assert.NotEqual(HttpStatusCode.TooManyRequests, answer.StatusCode);

        using var refused = await Look(Keys);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        // Counted separately, so other clients behind the address can still open WebSockets, which begin without a token.
        Assert.Equal("\"keys\";q=10;w=60", refused.Headers.GetValues("RateLimit-Policy").Single());
        await using var socket = await WebSocketClient.Connect(gateway.Http.BaseAddress!, options: o => o.SetRequestHeader("X-Forwarded-For", "198.51.100.77"));
    }

    [Fact]
    public async Task Identitys_documents_are_cached_refreshed_within_seconds_and_served_while_Identity_is_down()
    {
        var (asked, published) = (0, "one");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var identity = builder.Build();
        identity.Run(http =>
        {
            Interlocked.Increment(ref asked);
            return http.Response.WriteAsJsonAsync(new { keys = new[] { published } });
        });
        await identity.StartAsync();
        await using var gateway = await ServiceProcess.Start(("services__identity__http__0", identity.Urls.Single()), ("services__identity__http__1", null));
        Task<string> Read() => gateway.Http.GetStringAsync(new Uri(Keys, UriKind.Relative));

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Read()));
        Assert.All(answers, answer => Assert.Contains("one", answer, StringComparison.Ordinal));
        Assert.InRange(asked, 1, 10);
        published = "another";
        await Wait.Until(async () => (await Read()).Contains("another", StringComparison.Ordinal), "what was withdrawn is gone", TimeSpan.FromSeconds(10));
        await identity.StopAsync();

        Assert.Contains("another", await Read(), StringComparison.Ordinal);
    }
}
