using System.Net;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;

namespace MedCor.Tests.ServiceDefaults.Health;

/// <summary>Events wait for the broker; calls do not.</summary>
public sealed class LostBrokerTests
{
    [Fact]
    public async Task Without_its_broker_a_gateway_says_so_and_answers_calls()
    {
        await using var gateway = await OwnGateway.Start(("ConnectionStrings__messaging", $"amqp://guest:guest@127.0.0.1:{OwnGateway.FreePort()}"));

        await Wait.Until(async () => await gateway.Ready("/readyz") is (HttpStatusCode.ServiceUnavailable, ["broker does not answer"]), "it says what is missing", explain: () => gateway.Said);
        using var answer = await gateway.Post(await Client.Shared("nurse@general.example"), "/api/mcp/tools/invoke", new { tool = "list_hospitals" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await gateway.Ready("/health")).Status);
    }
}
