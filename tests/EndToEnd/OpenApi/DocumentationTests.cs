using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.OpenApi;

public sealed class DocumentationTests
{
    [Fact]
    public async Task The_document_is_served_and_names_every_tool()
    {
        using var http = await Anybody();

        var document = (await http.GetFromJsonAsync<JsonNode>("/api/openapi.json"))!;

        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
        Assert.Equal(ToolCatalogue.All.Keys.Select(name => $"/api/mcp/tools/{name}").Order(), document["paths"]!.AsObject().Select(p => p.Key)
            .Where(p => p.StartsWith("/api/mcp/tools/", StringComparison.Ordinal) && p != "/api/mcp/tools/invoke").Order());
    }

    [Fact]
    public async Task A_matching_ETag_is_answered_304_by_any_replica()
    {
        var system = await MedCorFixture.Get();
        using var http = new HttpClient();
        using var first = await http.GetAsync(new Uri(system.Gateways[0], "/api/openapi.json"));
        using var again = new HttpRequestMessage(HttpMethod.Get, new Uri(system.Gateways[^1], "/api/openapi.json"))
        {
            Headers = { IfNoneMatch = { first.Headers.ETag! } }
        };

        using var second = await http.SendAsync(again);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Theory]
    [InlineData("/api/docs/", "swagger-ui-bundle.js")]
    [InlineData("/api/redoc/", "redoc.standalone.js")]
    public async Task A_page_to_read_it_needs_nothing_from_elsewhere_and_may_load_nothing_from_there(string page, string script)
    {
        using var http = await Anybody();

        using var answer = await http.GetAsync(page);

        var html = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotMatch("(src|href)=\"(https?:)?//", html);
        Assert.StartsWith("default-src 'none'; script-src 'self';", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")),
            StringComparison.Ordinal);
        using var loaded = await http.GetAsync(page + script);
        Assert.Equal((HttpStatusCode.OK, true),
            (loaded.StatusCode, loaded.Content.Headers.ContentType?.MediaType?.EndsWith("javascript", StringComparison.Ordinal)));
    }

    private static async Task<HttpClient> Anybody() => new() { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };
}
