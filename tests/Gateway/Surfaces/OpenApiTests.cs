using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.ServiceDefaults.Tools;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Gateway.Surfaces;

public class OpenApiTests
{
    [Fact]
    public async Task The_document_names_every_tool()
    {
        using var http = new HttpClient { BaseAddress = (await RunningHouse.Get()).Gateways[0] };

        var document = (await http.GetFromJsonAsync<JsonNode>("/api/openapi.json"))!;

        var schema = document["paths"]!["/api/mcp/tools/invoke"]!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"]!;
        Assert.Equal(ToolCatalogue.All.Keys, schema["properties"]!["tool"]!["enum"]!.AsArray().Select(t => (string)t!));
        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_to_read_it_needs_nothing_from_elsewhere()
    {
        using var http = new HttpClient { BaseAddress = (await RunningHouse.Get()).Gateways[0] };

        var page = await http.GetStringAsync(new Uri("/api/docs/", UriKind.Relative));

        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"(https?:)?//", page);
    }
}
