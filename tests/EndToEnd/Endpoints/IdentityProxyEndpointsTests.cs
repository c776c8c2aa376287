using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Tests.EndToEnd.Endpoints;

public sealed class IdentityProxyEndpointsTests
{
    [Theory]
    [InlineData("/.well-known/jwks.json", "keys")]
    [InlineData("/.well-known/openid-configuration", "issuer")]
    public async Task Identitys_public_documents_are_served_through_the_gateway(string path, string field)
    {
        var house = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };

        Assert.NotNull((await http.GetFromJsonAsync<JsonNode>(path))![field]);
    }

    [Theory]
    [InlineData("GET", "/api/auth/login/", null, 405)]
    [InlineData("POST", "/api/auth/nothing", "{}", 404)]
    [InlineData("POST", "/api/auth/login/", "{", 400)]
    [InlineData("POST", "/api/auth/login/", "\uFEFF{", 400)]
    public async Task A_refusal_is_the_envelope_as_everywhere(string method, string path, string? body, int expected)
    {
        var house = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };
        using var request = new HttpRequestMessage(new(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };

        using var response = await http.SendAsync(request);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["details"]!["request_id"]);
    }

    [Theory]
    [InlineData(true, 16 * 1024)]
    [InlineData(false, 16 * 1024)]
    [InlineData(true, 1024 * 1024)]
    [InlineData(false, 1024 * 1024)]
    public async Task A_body_beyond_sixteen_kibibytes_is_refused_with_the_envelope(bool chunked, int bytes)
    {
        var house = await MedCorFixture.Get();
        using var http = new HttpClient { BaseAddress = house.Gateways[0] };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth/login/") { Content = new StringContent("{}".PadRight(bytes + 1), Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("VALIDATION_ERROR", (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["error"]!["code"]);
    }
}
