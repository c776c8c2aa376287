using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes the guided prompts, which have their own paths. Each operation calls the tool that it is named after.</summary>
internal static class PromptOperations
{
    public const string Tag = "Prompts";

    public static IEnumerable<ApiOperation> All(ComponentRegistry components)
    {
        ApiOperation?[] all =
        [
            Describe("/api/mcp/prompts", "get", "list_prompts", "The guided prompts that your role may use", components),
            Describe("/api/mcp/prompts/invoke", "post", "invoke_prompt", "Begin a guided prompt", components),
            Describe("/api/mcp/prompts/sessions/{session_id}", "post", "answer_prompt", "Answer the present step", components),
            Describe("/api/mcp/prompts/sessions/{session_id}", "get", "get_prompt_session", "See where it stands", components),
            Describe("/api/mcp/prompts/sessions/{session_id}", "delete", "abandon_prompt", "End it", components),
        ];
        return all.OfType<ApiOperation>();
    }

    private static ApiOperation? Describe(string path, string method, string name, string summary, ComponentRegistry components)
    {
        if (!ToolCatalogue.All.TryGetValue(name, out var tool)) return null;
        var inPath = path.EndsWith('}');
        var (input, output) = (components.ReferenceInput(tool.Params), components.ReferenceOutput(tool.Result));
        JsonObject? body = null, example = null;
        if (method == "post")
        {
            (body, example) = ((JsonObject)components.Resolve(input).DeepClone(), ExampleValues.ForAllFields(input, components));
            // The path contains the session id.
            if (inPath)
            {
                body["properties"]!.AsObject().Remove("session_id");
                body["required"] = new JsonArray([.. body["required"]!.AsArray().Where(field => (string?)field != "session_id").Select(field => field!.DeepClone())]);
                example.Remove("session_id");
            }
        }
        return new(path, method, $"{name}_by_path", Tag, summary, tool.Description)
        {
            Parameters = inPath ? [ApiOperation.Parameter("path", "session_id", "The session that the prompt's beginning answered.", SchemaBuilder.Uuid(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", required: true)] : [],
            Body = body,
            BodyExamples = example is null ? null : new JsonObject { ["whole"] = new JsonObject { ["value"] = example } },
            ResponseDescription = "Where the prompt stands.",
            ResponseSchema = output,
            ResponseExample = ExampleValues.ForResponse(output, components),
            ErrorStatuses = [400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503],
        };
    }
}
