using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.Fixtures;

internal static class ToolCallExtensions
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>
    /// Calls a tool at a gateway. Where the system is too busy, a call that can be repeated is repeated for a minute, as the error tells clients to.
    /// </summary>
    public static async Task<CallResponse> Post(
        this ApiClient client, ToolDescriptor tool, JsonObject parameters, string? key = null, int gateway = 0)
    {
        CallResponse reply = null!;
        await Wait.Until(async () =>
        {
            reply = await client.Post(tool.Name, parameters.ToJsonString(), key, gateway);
            return reply.Status != HttpStatusCode.ServiceUnavailable || key is null && tool.Effect != Effect.Read;
        }, $"{tool.Name} is answered", TimeSpan.FromMinutes(1), () => reply?.ToString() ?? "");
        return reply;
    }

    /// <summary>Calls a tool at a gateway with the parameters exactly as given, well-formed or not.</summary>
    public static async Task<CallResponse> Post(this ApiClient client, string tool, string parameters, string? key = null, int gateway = 0)
    {
        var gateways = (await MedCorFixture.Get()).Gateways;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateways[gateway % gateways.Count], "/api/mcp/tools/invoke"))
        {
            Content = new StringContent($$"""{"tool":{{JsonSerializer.Serialize(tool)}},"params":{{parameters}}}""", Encoding.UTF8, Json),
        };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await Send(client.Http, request);
    }

    /// <summary>Reads the error of a refused request.</summary>
    public static async Task<Problem> ReadError(this HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<ErrorEnvelope>(ApiClient.CompleteOptions))!.Error;

    public static async Task<CallResponse> Send(HttpClient http, HttpRequestMessage request)
    {
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.Contains("X-Request-Id"));
        return new(response.StatusCode, text, response.Headers.Contains("Idempotent-Replayed"));
    }
}
