using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace MedCor.Mcp.Conformance;

/// <summary>Lists and returns the prompts that the suite asks for.</summary>
internal static class FixturePrompts
{
    private static readonly Dictionary<string, string[]> Prompts = new()
    {
        ["test_simple_prompt"] = [],
        ["test_prompt_with_arguments"] = ["arg1", "arg2"],
        ["test_prompt_with_embedded_resource"] = ["resourceUri"],
        ["test_prompt_with_image"] = [],
        ["test_input_required_result_prompt"] = [],
    };

    public static ValueTask<ListPromptsResult> ListAsync(RequestContext<ListPromptsRequestParams> request, CancellationToken ct) => new(new ListPromptsResult
    {
        Prompts =
        [
            .. Prompts.Select(prompt => new Prompt
            {
                Name = prompt.Key,
                Description = $"Tests {prompt.Key}",
                Arguments = [.. prompt.Value.Select(name => new PromptArgument { Name = name, Description = name, Required = true })],
            }),
        ],
        TimeToLive = FixtureContent.Lifetime,
        CacheScope = CacheScope.Private,
    });

    public static ValueTask<GetPromptResult> GetAsync(RequestContext<GetPromptRequestParams> request, CancellationToken ct)
    {
        ContentBlock[] content = request.Params!.Name switch
        {
            "test_simple_prompt" => [FixtureContent.CreateText("This is a simple prompt for testing.")],
            "test_prompt_with_arguments" =>
                [FixtureContent.CreateText($"Prompt with arguments: arg1='{GetArgument(request, "arg1")}', arg2='{GetArgument(request, "arg2")}'")],
            "test_prompt_with_embedded_resource" =>
            [
                FixtureContent.CreateResource(GetArgument(request, "resourceUri"), FixtureContent.TextType, "Embedded resource content for testing."),
                FixtureContent.CreateText("Please process the embedded resource above."),
            ],
            "test_prompt_with_image" => [FixtureContent.CreateImage(), FixtureContent.CreateText("Please analyze the image above.")],
            "test_input_required_result_prompt" => [FixtureContent.CreateText($"The context is: {GetContext(request)}")],
            var name => throw new McpProtocolException($"Unknown prompt: {name}", McpErrorCode.InvalidParams),
        };
        return new(new GetPromptResult { Messages = [.. content.Select(block => new PromptMessage { Role = Role.User, Content = block })] });
    }

    private static string GetArgument(RequestContext<GetPromptRequestParams> request, string name) =>
        request.Params!.Arguments?.TryGetValue(name, out var value) == true && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new McpProtocolException($"{name} is required.", McpErrorCode.InvalidParams);

    private static string GetContext(RequestContext<GetPromptRequestParams> request) =>
        FixtureInputs.FindText(request.Params!.InputResponses, "user_context", "context")
        ?? throw new InputRequiredException(new Dictionary<string, InputRequest>
        {
            ["user_context"] = FixtureInputs.AskFor("What context should the prompt use?", "context"),
        });
}
