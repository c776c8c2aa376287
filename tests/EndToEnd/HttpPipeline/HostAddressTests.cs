using System.Net;

namespace MedCor.Tests.EndToEnd.HttpPipeline;

public sealed class HostAddressTests
{
    [Fact]
    public async Task Without_a_host_that_gives_an_address_it_listens_where_the_variables_say_and_tells_what_does_nothing()
    {
        await using var gateway = await ServiceProcess.Start(("MCP_SERVER_HOST", "0.0.0.0"), ("MCP_JWT_SECRET", "your-secret-key"));

        Assert.Equal(HttpStatusCode.OK, (await gateway.Http.GetAsync("/healthz")).StatusCode);
        Assert.Contains("MCP_JWT_SECRET is set and does nothing", gateway.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("your-secret-key", gateway.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MCP_SERVER_PORT=80000")]
    [InlineData("MCP_RATE_LIMIT=many")]
    [InlineData("MCP_WEBSOCKET_ENABLED=perhaps")]
    [InlineData("MCP_TRUSTED_PROXIES=localhost")]
    [InlineData("MCP_ALLOWED_ORIGINS=https://*.example")]
    [InlineData("MCP_RATE_LIMIT=-1", "MCP_LOGIN_RATE_LIMIT=-1", "MCP_CACHE_TTL=-1", "MCP_SSE_HEARTBEAT_INTERVAL=0")]
    public async Task A_setting_that_cannot_be_meant_stops_the_start_and_is_named(params string[] settings)
    {
        var said = await ServiceProcess.RunGatewayToFailure([.. settings.Select(s => (s.Split('=')[0], (string?)s.Split('=')[1]))]);

        Assert.All(settings, s => Assert.Contains(s.Split('=')[0], said, StringComparison.Ordinal));
    }
}
