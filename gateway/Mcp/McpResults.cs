using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.LanguageModels;
using MedCor.Gateway.ToolInvocation;
using ModelContextProtocol.Protocol;

namespace MedCor.Gateway.Mcp;

/// <summary>
/// Creates the results of calls: as a text for the model, which is exactly the structured content for programs; or an error, for the model alone.
/// </summary>
internal static class McpResults
{
    private const string RequestIdMember = McpMessage.MetaPrefix + "requestId";
    private const string ReplayedMember = McpMessage.MetaPrefix + "idempotentReplayed";
    private const string ErrorMember = McpMessage.MetaPrefix + "error";

    /// <summary>Creates the result of a call from the response of its service.</summary>
    public static CallToolResult FromResponse(ToolResponse response, ToolDescriptor tool, McpRequest request, int limit)
    {
        if (response.Status != StatusCodes.Status200OK) return FromError(JsonSerializer.Deserialize<ErrorEnvelope>(response.Body.Span, Json.Options)!.Error);
        if (response.Body.Length > limit) return FromError(TooLarge(tool, response.Body.Length, limit, request.Context.RequestId));

        var text = ModelText.Clean(ModelTools.GetResult(tool, Encoding.UTF8.GetString(response.Body.Span)));
        var meta = new JsonObject { [RequestIdMember] = request.Context.RequestId };
        if (response.IsReplay) meta[ReplayedMember] = true;
        return new() { Content = [new TextContentBlock { Text = text }], StructuredContent = JsonSerializer.Deserialize<JsonElement>(text), Meta = meta };
    }

    /// <summary>
    /// Creates the result of a failed call. The text names every field with its errors, one on a line; the copy for programs is the error that REST returns.
    /// </summary>
    public static CallToolResult FromError(Problem error) =>
        FromText(ModelText.Describe(error), new() { [ErrorMember] = JsonSerializer.SerializeToNode(error, Json.Options) });

    /// <summary>Creates the result of a call that was not carried out.</summary>
    public static CallToolResult FromText(string text, JsonObject? meta = null) =>
        new() { IsError = true, Content = [new TextContentBlock { Text = ModelText.Clean(text) }], Meta = meta };

    private static Problem TooLarge(ToolDescriptor tool, int length, int limit, string requestId) =>
        new(ErrorCodes.ValidationError, ModelText.DescribeTooLarge(tool, length, limit), new() { ["request_id"] = requestId }, default);
}
