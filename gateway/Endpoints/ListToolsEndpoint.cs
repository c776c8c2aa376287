using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using Microsoft.Net.Http.Headers;

namespace MedCor.Gateway.Endpoints;

/// <summary><c>GET /api/mcp/tools</c>: every tool that the caller's role may use, as people, programs and models need it described.</summary>
internal sealed class ListToolsEndpoint : IEndpoints
{
    public void Map(IEndpointRouteBuilder app)
    {
        var answers = CreateResponses();
        app.MapGet("/api/mcp/tools", http =>
        {
            http.Response.Headers.Vary = HeaderNames.Authorization;
            return answers[http.GetUser().Kind].WriteToAsync(http);
        });
    }

    /// <summary>Writes the list of each kind of callers, once, at the start: a tool that cannot be described stops it.</summary>
    private static Dictionary<Callers, StaticResponse> CreateResponses()
    {
        var tools = ToolCatalogue.All.Values.Select(t => (t.Callers, Described: Describe(t))).ToArray();
        Callers[] kinds = [Callers.None, Callers.Platform, Callers.HospitalAdmin, Callers.Doctor, Callers.Nurse, Callers.Patient];
        return kinds.ToDictionary(kind => kind, kind => new StaticResponse(
            JsonSerializer.SerializeToUtf8Bytes(new { Tools = tools.Where(t => (t.Callers & kind) != 0).Select(t => t.Described) }, Json.Options), "application/json", "private, no-cache"));
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
