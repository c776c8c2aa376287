using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Schema = ModelContextProtocol.Protocol.ElicitRequestParams;

namespace MedCor.Mcp.Conformance;

/// <summary>Contains the tools that ask the client something during a call, as the versions of the protocol with a session permit.</summary>
internal static class FixtureQuestions
{
    private static readonly string[] Options = ["option1", "option2", "option3"];

    private static readonly Schema.EnumSchemaOption[] TitledOptions =
    [
        new() { Const = "value1", Title = "First Option" }, new() { Const = "value2", Title = "Second Option" },
        new() { Const = "value3", Title = "Third Option" },
    ];

    public static async Task<CallToolResult> SampleAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct)
    {
        var prompt = FixtureTools.GetArgument(request, "prompt");
        var answer = await request.Server.SampleAsync(
            new CreateMessageRequestParams
            {
                Messages = [new SamplingMessage { Role = Role.User, Content = [FixtureContent.CreateText(prompt)] }], MaxTokens = 100,
            }, ct);
        return FixtureTools.CreateResult($"LLM response: {answer.Content.OfType<TextContentBlock>().FirstOrDefault()?.Text}");
    }

    public static Task<CallToolResult> ElicitAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        AskAsync(request, FixtureTools.GetArgument(request, "message"), new()
        {
            ["username"] = new Schema.StringSchema { Description = "User's response" },
            ["email"] = new Schema.StringSchema { Description = "User's email address" },
        }, ["username", "email"], ct);

    public static Task<CallToolResult> ElicitDefaultsAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        AskAsync(request, "Check what is filled in.", new()
        {
            ["name"] = new Schema.StringSchema { Description = "The name", Default = "John Doe" },
            ["age"] = new Schema.NumberSchema { Type = "integer", Description = "The age", Default = 30 },
            ["score"] = new Schema.NumberSchema { Description = "The score", Default = 95.5 },
            ["status"] = new Schema.UntitledSingleSelectEnumSchema
            {
                Description = "The status", Enum = ["active", "inactive", "pending"], Default = "active",
            },
            ["verified"] = new Schema.BooleanSchema { Description = "Whether it is verified", Default = true },
        }, [], ct);

    public static Task<CallToolResult> ElicitChoicesAsync(RequestContext<CallToolRequestParams> request, CancellationToken ct) =>
        AskAsync(request, "Choose.", new()
        {
            ["untitledSingle"] = new Schema.UntitledSingleSelectEnumSchema { Enum = Options },
            ["titledSingle"] = new Schema.TitledSingleSelectEnumSchema { OneOf = TitledOptions },
            ["legacyEnum"] = new Schema.LegacyTitledEnumSchema
            {
                Enum = ["opt1", "opt2", "opt3"], EnumNames = ["Option One", "Option Two", "Option Three"],
            },
            ["untitledMulti"] = new Schema.UntitledMultiSelectEnumSchema { Items = new() { Enum = Options } },
            ["titledMulti"] = new Schema.TitledMultiSelectEnumSchema { Items = new() { AnyOf = TitledOptions } },
        }, [], ct);

    private static async Task<CallToolResult> AskAsync(RequestContext<CallToolRequestParams> request, string message,
        Dictionary<string, Schema.PrimitiveSchemaDefinition> fields, string[] required, CancellationToken ct)
    {
        var answer = await request.Server.ElicitAsync(
            new ElicitRequestParams { Message = message, RequestedSchema = new() { Properties = fields, Required = required } }, ct);
        return FixtureTools.CreateResult($"Elicitation completed: action={answer.Action}, content={JsonSerializer.Serialize(answer.Content)}");
    }
}
