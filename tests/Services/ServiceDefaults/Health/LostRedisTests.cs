using System.Net;

namespace MedCor.Tests.Services.ServiceDefaults.Health;

/// <summary>Tests a gateway of whose two Redis servers one is full or unavailable: what the other one keeps goes on.</summary>
public sealed class LostRedisTests
{
    [Fact]
    public async Task When_the_Redis_that_users_fill_is_full_calls_and_log_outs_work()
    {
        await using var redis = new RedisServer();
        using (var connection = await redis.Start()) await connection.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        await using var gateway = await ServiceProcess.Start(("ConnectionStrings__cache", redis.Address));
        var nurse = await ApiClient.LogIn("nurse@general.example");
        using (var ticket = await gateway.Post(nurse, "/api/mcp/sse/ticket", new { })) Assert.Equal(HttpStatusCode.ServiceUnavailable, ticket.StatusCode);

        using (var call = await Call(gateway, nurse)) Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        using (var logOut = await gateway.Post(nurse, "/api/auth/logout/", new { refresh_token = nurse.RefreshToken }))
            Assert.Equal(HttpStatusCode.OK, logOut.StatusCode);

        await Wait.Until(async () =>
        {
            using var answer = await Call(gateway, nurse);
            return answer.StatusCode == HttpStatusCode.Unauthorized;
        }, "the token is refused", TimeSpan.FromSeconds(5), () => gateway.Output);
    }

    [Fact]
    public async Task Without_the_Redis_of_revocations_a_gateway_says_so_and_goes_on_with_the_last_list()
    {
        await using var redis = new RedisServer();
        (await redis.Start()).Dispose();
        await using var gateway = await ServiceProcess.Start(("ConnectionStrings__control", redis.Address), ("MCP_RATE_LIMIT", "3"));
        var nurse = await ApiClient.LogInShared("nurse@general.example");
        await redis.Kill();

        await Wait.Until(async () => await gateway.GetReadiness("/readyz") is (HttpStatusCode.ServiceUnavailable, ["redis-control does not answer"]),
            "it says what is missing", explain: () => gateway.Output);
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetReadiness("/health")).Status);
        using (var call = await Call(gateway, nurse)) Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        using (var ticket = await gateway.Post(nurse, "/api/mcp/sse/ticket", new { })) Assert.Equal(HttpStatusCode.OK, ticket.StatusCode);
        using (var last = await Call(gateway, nurse)) Assert.Equal(HttpStatusCode.OK, last.StatusCode);
        using (var refused = await Call(gateway, nurse)) Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
    }

    private static Task<HttpResponseMessage> Call(ServiceProcess gateway, ApiClient nurse) =>
        gateway.Post(nurse, "/api/mcp/tools/invoke", new { tool = "get_current_user" });
}
