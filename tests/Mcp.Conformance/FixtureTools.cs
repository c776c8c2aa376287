using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Mcp.Conformance;

/// <summary>Represents a call of a tool.</summary>
internal delegate Task<CallToolResult> FixtureCall(RequestContext<CallToolRequestParams> request, CancellationToken ct);

/// <summary>Lists and calls the tools that the suite asks for.</summary>
internal static class FixtureTools
{
    private const string DialectTool = "json_schema_2020_12_tool";

    /// <summary>A schema with what the newest dialect has, which clients receive as it is.</summary>
    private static readonly JsonElement DialectSchema = JsonSerializer.Deserialize<JsonElement>("""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "type": "object",
          "$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"} } } },
          "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"} },
          "additionalProperties": false
        }
        """);

    private static readonly Dictionary<string, (string[] Parameters, FixtureCall Call)> Tools = new()
    {
        ["test_simple_text"] = ([], Return(FixtureContent.CreateText("This is a simple text response for testing."))),
        ["test_image_content"] = ([], Return(FixtureContent.CreateImage())),
        ["test_audio_content"] = ([], Return(AudioContentBlock.FromBytes(FixtureContent.Sound, "audio/wav"))),
        ["test_embedded_resource"] = ([], Return(
            FixtureContent.CreateResource("test://embedded-resource", FixtureContent.TextType, "This is an embedded resource content."))),
        ["test_multiple_content_types"] = ([], Return(
            FixtureContent.CreateText("Multiple content types test:"), FixtureContent.CreateImage(),
            FixtureContent.CreateResource("test://mixed-content-resource", "application/json", """{"test":"data","value":123}"""))),
        ["test_error_handling"] = ([], (_, _) => Task.FromResult(new CallToolResult
        {
            IsError = true, Content = [FixtureContent.CreateText("This tool intentionally returns an error for testing")],
        })),
        ["test_tool_with_progress"] = ([], ReportProgressAsync),
        ["test_tool_with_logging"] = ([], LogAsync),
        ["test_sampling"] = (["prompt"], FixtureQuestions.SampleAsync),
        ["test_elicitation"] = (["message"], FixtureQuestions.ElicitAsync),
        ["test_elicitation_sep1034_defaults"] = ([], FixtureQuestions.ElicitDefaultsAsync),
        ["test_elicitation_sep1330_enums"] = ([], FixtureQuestions.ElicitChoicesAsync),
        ["test_input_required_result_elicitation"] = ([], FixtureInputs.AskForNameAsync),
        ["test_input_required_result_sampling"] = ([], FixtureInputs.AskModelAsync),
        ["test_input_required_result_list_roots"] = ([], FixtureInputs.AskForRootsAsync),
        ["test_input_required_result_request_state"] = ([], FixtureInputs.ConfirmAsync),
        ["test_input_required_result_tampered_state"] = ([], FixtureInputs.ConfirmAsync),
        ["test_input_required_result_multiple_inputs"] = ([], FixtureInputs.AskForAllAsync),
        ["test_input_required_result_multi_round"] = ([], FixtureInputs.AskTwiceAsync),
        ["test_input_required_result_capabilities"] = ([], FixtureInputs.AskWhatIsPossibleAsync),
        ["test_missing_capability"] = ([], FixtureInputs.RequireSamplingAsync),
        ["test_streaming_elicitation"] = ([], Return(FixtureContent.CreateText("The response has a result and nothing else."))),
        [DialectTool] = ([], Return(FixtureContent.CreateText("The schema is what is tested."))),
        // Nothing is logged to a client that has not asked for it.
        ["test_logging_tool"] = ([], Return(FixtureContent.CreateText("Done."))),
    };

    public static ValueTask<ListToolsResult> ListAsync(RequestContext<ListToolsRequestParams> request, CancellationToken ct) => new(new ListToolsResult
    {
        Tools =
        [
            .. Tools.Select(tool => new Tool
            {
                Name = tool.Key,
                Description = $"Tests {tool.Key}",
                InputSchema = tool.Key == DialectTool ? DialectSchema : Describe(tool.Value.Parameters),
            }),
        ],
        TimeToLive = FixtureContent.Lifetime,
        CacheScope = CacheScope.Private,
    });

    public static async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        Tools.TryGetValue(request.Params!.Name, out var tool)
            ? await tool.Call(request, ct)
            : throw new McpProtocolException($"Unknown tool: {request.Params.Name}", McpErrorCode.InvalidParams);

    /// <summary>Returns an argument that is a text; an empty one when it is missing.</summary>
    public static string GetArgument(RequestContext<CallToolRequestParams> request, string name) =>
        request.Params!.Arguments?.TryGetValue(name, out var value) == true && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    public static CallToolResult CreateResult(string text) => new() { Content = [FixtureContent.CreateText(text)] };

    private static FixtureCall Return(params ContentBlock[] content) => (_, _) => Task.FromResult(new CallToolResult { Content = [.. content] });

    private static JsonElement Describe(string[] parameters) => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(parameters.Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonObject { ["type"] = "string" }))),
        ["required"] = new JsonArray([.. parameters.Select(name => (JsonNode)name)]),
    });

    private static async Task<CallToolResult> ReportProgressAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        if (request.Params!.ProgressToken is { } token)
            foreach (var progress in (int[])[0, 50, 100])
            {
                await request.Server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = progress, Total = 100 }, cancellationToken: ct);
                await PauseAsync(ct);
            }
        return CreateResult("Progress was reported.");
    }

    private static async Task<CallToolResult> LogAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        foreach (var message in (string[])["Tool execution started", "Tool processing data", "Tool execution completed"])
        {
            await request.Server.SendMessageAsync(new JsonRpcNotification
            {
                Method = "notifications/message",
                Params = new JsonObject { ["level"] = "info", ["logger"] = "conformance", ["data"] = message },
            }, ct);
            await PauseAsync(ct);
        }
        return CreateResult("Messages were logged.");
    }

    /// <summary>Lets messages arrive one after the other.</summary>
    private static async Task PauseAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        await timer.WaitForNextTickAsync(ct);
    }
}
