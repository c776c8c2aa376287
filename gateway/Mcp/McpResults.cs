using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
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

    /// <summary>The parameters by which a caller asks for less.</summary>
    private static readonly string[] NarrowingParameters =
        ["limit", "fields", "date_from", "date_to", "from", "to", "start_date", "end_date", "status", "search"];

    /// <summary>Creates the result of a call from the response of its service.</summary>
    public static CallToolResult FromResponse(ToolResponse response, ToolDescriptor tool, McpRequest request, int limit)
    {
        if (response.Status != StatusCodes.Status200OK) return FromError(JsonSerializer.Deserialize<ErrorEnvelope>(response.Body.Span, Json.Options)!.Error);
        if (response.Body.Length > limit) return FromError(TooLarge(tool, response.Body.Length, limit, request.Context.RequestId));

        var text = McpText.Clean(Encoding.UTF8.GetString(response.Body.Span));
        var meta = new JsonObject { [RequestIdMember] = request.Context.RequestId };
        if (response.IsReplay) meta[ReplayedMember] = true;
        return new() { Content = [new TextContentBlock { Text = text }], StructuredContent = JsonSerializer.Deserialize<JsonElement>(text), Meta = meta };
    }

    /// <summary>
    /// Creates the result of a failed call. The text names every field with its errors, one on a line; the copy for programs is the error that REST returns.
    /// </summary>
    public static CallToolResult FromError(Problem error)
    {
        var text = new StringBuilder($"{error.Code}: {error.Message}");
        foreach (var (name, value) in error.Details)
        {
            if (name == "request_id") continue;
            if (value is JsonArray { Count: > 0 } list)
                foreach (var item in list) text.Append(CultureInfo.InvariantCulture, $"\n- {name}: {FormatDetail(item)}");
            else if (value is not null) text.Append(CultureInfo.InvariantCulture, $"\n- {name}: {FormatDetail(value)}");
        }
        if (error.RetryAfter is { } seconds) text.Append(CultureInfo.InvariantCulture, $"\nretry after {seconds} s");
        text.Append(CultureInfo.InvariantCulture, $"\nrequest_id: {FormatDetail(error.Details["request_id"])}");
        return FromText(text.ToString(), new() { [ErrorMember] = JsonSerializer.SerializeToNode(error, Json.Options) });
    }

    /// <summary>Creates the result of a call that was not carried out.</summary>
    public static CallToolResult FromText(string text, JsonObject? meta = null) =>
        new() { IsError = true, Content = [new TextContentBlock { Text = McpText.Clean(text) }], Meta = meta };

    private static string? FormatDetail(JsonNode? value) =>
        value is JsonValue text && text.TryGetValue(out string? plain) ? plain : value?.ToJsonString(Json.Options);

    private static Problem TooLarge(ToolDescriptor tool, int length, int limit, string requestId)
    {
        var parameters = Json.Strict.GetTypeInfo(tool.Params).Properties.Select(p => p.Name).Intersect(NarrowingParameters).ToArray();
        var advice = parameters.Length == 0 ? "" : $" Ask for less by {string.Join(", ", parameters)}.";
        return new(ErrorCodes.ValidationError, string.Create(CultureInfo.InvariantCulture,
            $"The result has {length} bytes, more than the {limit} that a model should read at once.{advice}"), new() { ["request_id"] = requestId }, default);
    }
}
