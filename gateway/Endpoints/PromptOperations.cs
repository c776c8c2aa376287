using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.OpenApi;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>Describes the operations of guided prompts, which have their own paths. Each operation calls the tool after which it is named.</summary>
internal static class PromptOperations
{
    private const string SessionId = "session_id";

    /// <param name="tool">The name of the tool that the endpoint calls.</param>
    /// <param name="hasBody">Whether the body contains the tool's parameters, except those in the path.</param>
    /// <param name="hasSession">Whether the path contains the ID of a session.</param>
    public static IEndpointConventionBuilder DescribePrompt(this IEndpointConventionBuilder endpoint, string tool, string summary, bool hasBody = false,
        bool hasSession = false) => endpoint.Describe(
            $"{tool}_by_path", ApiTags.Prompts, summary, ToolCatalogue.All[tool].Description,
            components => Describe(ToolCatalogue.All[tool], hasBody, hasSession, components));

    private static OperationDetails Describe(ToolDescriptor tool, bool hasBody, bool hasSession, ComponentRegistry components)
    {
        var (input, output) = (components.ReferenceInput(tool.Params), components.ReferenceOutput(tool.Result));
        JsonObject? body = null, example = null;
        if (hasBody)
        {
            (body, example) = ((JsonObject)components.Resolve(input).DeepClone(), ExampleValues.ForAllFields(input, components));
            if (hasSession)
            {
                body["properties"]!.AsObject().Remove(SessionId);
                body["required"] = new JsonArray(
                    [.. body["required"]!.AsArray().Where(field => (string?)field != SessionId).Select(field => field!.DeepClone())]);
                example.Remove(SessionId);
            }
        }
        return new()
        {
            Parameters = hasSession
                ? [OperationDetails.Parameter(ParameterLocation.Path, SessionId,
                    "The ID of the session, which `invoke_prompt` returned.", SchemaBuilder.Uuid(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54")]
                : [],
            Body = body,
            BodyExamples = example is null ? null : new() { ["whole"] = OperationDetails.Example(example) },
            ResponseDescription = "The result of the tool, without an envelope.",
            ResponseContents = OperationDetails.Json(output, ExampleValues.ForResponse(output, components)),
            ErrorStatuses = OperationDetails.ToolErrorStatuses,
        };
    }
}
