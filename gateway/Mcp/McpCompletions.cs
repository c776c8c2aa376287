using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.ToolInvocation;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Completes the ID of a person, hospital or specialty from a part of the name, among those that the caller may find anyway. Clinical text is never searched.
/// </summary>
internal sealed class McpCompletions(ToolInvoker invoker)
{
    private const int MinSearchLength = 2;
    private const int MaxValues = 100;

    /// <summary>The tools that search by name, by the argument or by the resource whose ID is completed.</summary>
    private static readonly FrozenDictionary<string, string> Searches = new Dictionary<string, string>
    {
        ["patient_id"] = "list_patients", ["doctor_id"] = "list_doctors", ["hospital_id"] = "list_hospitals", ["specialty_id"] = "list_specialties",
        ["patients"] = "list_patients", ["doctors"] = "list_doctors", ["hospitals"] = "list_hospitals", ["specialties"] = "list_specialties",
    }.ToFrozenDictionary();

    public async ValueTask<CompleteResult> CompleteAsync(RequestContext<CompleteRequestParams> request, CancellationToken ct)
    {
        var (mcp, argument) = (McpRequest.Of(request.User), request.Params!.Argument);
        var subject = request.Params.Ref switch
        {
            PromptReference prompt when PromptNames.Contains(prompt.Name) => argument.Name,
            ResourceTemplateReference { Uri: { } template } when FindResource(template) is { } resource => argument.Name == "id" ? resource : "",
            _ => throw new McpProtocolException("There is no such prompt or resource template.", McpErrorCode.InvalidParams),
        };
        return new() { Completion = await FindAsync(mcp, subject, argument.Value.Trim(), ct) };
    }

    private static readonly FrozenSet<string> PromptNames = FrozenSet.Create("appointment_booking", "patient_onboarding", "emergency_triage");

    private static string? FindResource(string template) =>
        ResourceCatalogue.All.Values.FirstOrDefault(r => template.StartsWith(ResourceUri.Of(r), StringComparison.Ordinal)
            && template[ResourceUri.Of(r).Length..] is "" or "/{id}" or ['{', '?', ..])?.Name;

    private async Task<Completion> FindAsync(McpRequest mcp, string subject, string search, CancellationToken ct)
    {
        if (search.Length < MinSearchLength || !Searches.TryGetValue(subject, out var name)) return new();
        var tool = ToolCatalogue.All[name];
        if (!mcp.Context.Caller.IsOneOf(tool.Callers) || !mcp.Context.Caller.Covers(tool.Scope)) return new();
        var parameters = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["search"] = search, ["limit"] = MaxValues });
        try
        {
            using var response = await invoker.InvokeAsync(mcp.Context, ToolRequest.ForTool(name, new(parameters)), null, ct);
            // A text that the service does not search for, such as one that is too long, completes to nothing.
            if (response.Status != StatusCodes.Status200OK) return new();
            var page = JsonSerializer.Deserialize<JsonObject>(response.Body.Span)!;
            return new()
            {
                Values = [.. ((JsonArray)page["results"]!).Select(entity => (string)entity!["id"]!)],
                Total = (int)page["total"]!,
                HasMore = (bool)page["has_more"]!,
            };
        }
        catch (ApiException)
        {
            return new();
        }
    }
}
