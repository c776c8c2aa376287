using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.Endpoints;

/// <summary>Maps <c>GET /api/mcp/tools</c>, which describes every tool that the caller's role may use.</summary>
internal sealed class ListToolsEndpoint : IEndpoints
{
    public void Map(IEndpointRouteBuilder app)
    {
        var responses = CreateResponses();
        app.MapGet("/api/mcp/tools", http =>
        {
            http.Response.Headers.Vary = HeaderNames.Authorization;
            return responses[http.GetUser().Kind].WriteToAsync(http);
        }).DescribeListTools();
    }

    /// <summary>Creates the response of each kind of caller at startup, which fails when a tool cannot be described.</summary>
    private static Dictionary<Callers, StaticResponse> CreateResponses()
    {
        var tools = ToolCatalogue.All.Values.Select(t => (t.Callers, Described: Describe(t))).ToArray();
        Callers[] kinds = [Callers.None, .. CallerKinds.All.Select(k => k.Value)];
        return kinds.ToDictionary(kind => kind, kind => new StaticResponse(
            JsonSerializer.SerializeToUtf8Bytes(new { Tools = tools.Where(t => (t.Callers & kind) != 0).Select(t => t.Described) }, Json.Options),
            "application/json", "private, no-cache"));
    }

    private static JsonObject Describe(ToolDescriptor tool) => new()
    {
        ["name"] = tool.Name,
        ["service"] = tool.Service,
        ["description"] = tool.Description,
        ["input_schema"] = ContractSchema.ForInput(tool.Params),
        ["output_schema"] = ContractSchema.ForOutput(tool.Result),
        ["annotations"] = new JsonObject
        {
            ["read_only"] = tool.Effect == Effect.Read,
            ["idempotent"] = tool.Effect != Effect.Create,
            ["destructive"] = tool.Effect == Effect.Delete,
        },
    };
}
