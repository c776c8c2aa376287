using System.Net;

namespace MedCor.Tests.Services.ServiceDefaults.Health;

/// <summary>Tests a gateway whose broker is unavailable: events wait for the broker, tool calls do not.</summary>
public sealed class LostBrokerTests
{
    [Fact]
    public async Task Without_its_broker_a_gateway_says_so_and_answers_calls()
    {
        await using var gateway = await ServiceProcess.Start(("ConnectionStrings__messaging", $"amqp://guest:guest@127.0.0.1:{ServiceProcess.FreePort()}"));

        await Wait.Until(async () => await gateway.GetReadiness("/readyz") is (HttpStatusCode.ServiceUnavailable, ["broker does not answer"]),
            "it says what is missing", explain: () => gateway.Output);
        using var answer = await gateway.Post(await ApiClient.LogInShared("nurse@general.example"), "/api/mcp/tools/invoke", new { tool = "list_hospitals" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetReadiness("/health")).Status);
    }
}
