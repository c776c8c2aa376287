using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
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

        await Wait.Until(async () => await Ready() is (HttpStatusCode.ServiceUnavailable, ["broker does not answer"]), "it says what is missing", explain: () => gateway.Said);
        using var answer = await gateway.Post(await Client.Shared("nurse@general.example"), "/api/mcp/tools/invoke", new { tool = "list_hospitals" });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await gateway.Http.GetAsync(new Uri("/health", UriKind.Relative))).StatusCode);

        async Task<(HttpStatusCode, string[])> Ready()
        {
            using var ready = await gateway.Http.GetAsync(new Uri("/readyz", UriKind.Relative));
            return (ready.StatusCode, [.. (await ready.Content.ReadFromJsonAsync<JsonNode>())!["reasons"]?.AsArray().Select(r => (string)r!) ?? []]);
        }
    }
}
