using System.Text.Json.Nodes;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.OpenApi;

/// <summary>Guided prompts, on paths of their own. Each is a call of the tool that it is named after.</summary>
internal static class DescribePrompts
{
    public const string Tag = "Prompts";

    public static IEnumerable<Operation> All(Components components)
    {
        Operation?[] all =
        [
            Of("/api/mcp/prompts", "get", "list_prompts", "The guided prompts that your role may use", components),
            Of("/api/mcp/prompts/invoke", "post", "invoke_prompt", "Begin a guided prompt", components),
            Of("/api/mcp/prompts/sessions/{session_id}", "post", "answer_prompt", "Answer the present step", components),
            Of("/api/mcp/prompts/sessions/{session_id}", "get", "get_prompt_session", "See where it stands", components),
            Of("/api/mcp/prompts/sessions/{session_id}", "delete", "abandon_prompt", "End it", components),
        ];
        return all.OfType<Operation>();
    }

    private static Operation? Of(string path, string method, string name, string summary, Components components)
    {
        if (!ToolCatalogue.All.TryGetValue(name, out var tool)) return null;
        var inPath = path.EndsWith('}');
        var (input, output) = (components.Input(tool.Params), components.Output(tool.Result));
        JsonObject? body = null, example = null;
        if (method == "post")
        {
            (body, example) = ((JsonObject)components.Resolve(input).DeepClone(), Example.Fullest(input, components));
            // The session stands in the path.
            if (inPath)
            {
                body["properties"]!.AsObject().Remove("session_id");
                body["required"] = new JsonArray([.. body["required"]!.AsArray().Where(field => (string?)field != "session_id").Select(field => field!.DeepClone())]);
                example.Remove("session_id");
            }
        }
        return new(path, method, $"{name}_by_path", Tag, summary, tool.Description)
        {
            Parameters = inPath ? [Operation.Parameter("path", "session_id", "The session that the prompt's beginning answered.", Shape.Id(), "01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54", required: true)] : [],
            Body = body,
            BodyExamples = example is null ? null : new JsonObject { ["whole"] = new JsonObject { ["value"] = example } },
            Answers = "Where the prompt stands.",
            Answer = output,
            AnswerExample = Example.Answer(output, components),
            Refused = [400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503],
        };
    }
}
