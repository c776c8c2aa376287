using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.OpenApi;

/// <summary>Describes each tool as its own operation, the list of tools, and the generic operation that calls a tool by name.</summary>
internal static class ToolOperations
{
    public const string GenericTag = "Calling tools";

    private const int MaxSummaryLength = 80;

    /// <summary>The status codes of the errors that a tool call can return.</summary>
    private static readonly int[] ErrorStatuses = [400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503];

    public static JsonObject IdempotencyKeyParameter() => ApiOperation.Parameter("header", IdempotencyHeaders.Key,
        "Makes a write safe to repeat for 24 hours: with the same key and the same parameters it happens once, and a repetition gets the first answer; with other parameters, a password among them, it is a CONFLICT. The key belongs to you and to the tool: with another tool it is another write. A new UUID for each write is a good one.",
        new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = ToolInvocation.IdempotencyKey.MaxLength, ["pattern"] = "^[ -~]+$" });

    public static IEnumerable<ApiOperation> All(ComponentRegistry components)
    {
        foreach (var tool in ToolCatalogue.All.Values.OrderBy(GetNoun).ThenBy(t => t.Effect)) yield return DescribeTool(tool, components);
        yield return DescribeList();
        yield return DescribeInvoke();
    }

    /// <summary>Returns the tag of a service's tools.</summary>
    public static string GetTag(string service) => service == "chat" ? "Prompt tools" : ServiceCatalogue.All.Single(s => s.Name == service).ProjectName;

    private static ApiOperation DescribeTool(ToolDescriptor tool, ComponentRegistry components)
    {
        var (input, output) = (components.ReferenceInput(tool.Params), components.ReferenceOutput(tool.Result));
        var (shortest, fullest) = (ExampleValues.ForRequiredOnly(input, components), ExampleValues.ForAllFields(input, components));
        (string Name, JsonObject Value)[] examples = [("shortest", WithSummary(WhoMustGive(tool, fullest, shortest), shortest)), ("fullest", WithSummary("All that may be given", fullest))];
        if (JsonNode.DeepEquals(shortest, fullest)) examples = examples[..1];
        // Documentation pages prefill the first example: for reads the simplest call, for creates and updates one with all fields.
        else if (tool.Effect is Effect.Create or Effect.Update) Array.Reverse(examples);

        return new($"/api/mcp/tools/{tool.Name}", "post", tool.Name, GetTag(tool.Service), GetSummary(tool.Description), $"{tool.Description}\n\n{DescribeEffect(tool.Effect)} {DescribeCallers(tool.Callers)}")
        {
            Parameters = tool.Effect == Effect.Read ? [] : [IdempotencyKeyParameter()],
            Body = input,
            BodyIsOptional = shortest.Count == 0,
            BodyExamples = new(examples.Select(e => KeyValuePair.Create(e.Name, (JsonNode?)e.Value))),
            ResponseDescription = "The tool's bare result.",
            ResponseSchema = output,
            ResponseExample = ExampleValues.ForResponse(output, components),
            ExtraHeaders = tool.Effect == Effect.Read ? [] : [ResponseHeaders.Replayed],
            ErrorStatuses = ErrorStatuses,
        };
    }

    /// <summary>
    /// Returns the summary of the shortest example. A platform administrator has no hospital and must name one when creating something in a hospital; the
    /// summary then says that the example is for a member of a hospital.
    /// </summary>
    private static string WhoMustGive(ToolDescriptor tool, JsonObject fullest, JsonObject shortest) =>
        tool.Effect == Effect.Create && tool.Callers.HasFlag(Callers.Platform) && fullest.ContainsKey("hospital_id") && !shortest.ContainsKey("hospital_id")
            ? "What must be given by somebody of a hospital"
            : "What must be given";

    private static ApiOperation DescribeList() => new("/api/mcp/tools", "get", "list_tools", GenericTag, "The tools that your role may use",
        "Each with its description, the JSON Schemas (2020-12) of its parameters and its result, and what a call may change.")
    {
        Parameters = [HealthOperations.IfNoneMatchParameter()],
        ExtraHeaders = [ResponseHeaders.ETag],
        OtherResponses = new() { ["304"] = HealthOperations.NotModifiedResponse() },
        ResponseDescription = "The tools, by name.",
        ResponseSchema = SchemaBuilder.Object("Tools.", ("tools", SchemaBuilder.ArrayOf(SchemaBuilder.Object("A tool.",
            ("name", SchemaBuilder.EnumOf("What it is called by.", [.. ToolCatalogue.All.Keys])),
            ("service", SchemaBuilder.EnumOf("The service that owns it.", [.. ToolCatalogue.All.Values.Select(t => t.Service).Distinct().Order()])),
            ("description", SchemaBuilder.Text(2000, "What it does, for people and models.")),
            ("input_schema", SchemaBuilder.AnyObject("The JSON Schema of its parameters.")),
            ("output_schema", SchemaBuilder.AnyObject("The JSON Schema of its result.")),
            ("annotations", SchemaBuilder.Object("What a call may change.",
                ("read_only", SchemaBuilder.Boolean("It changes nothing.")),
                ("idempotent", SchemaBuilder.Boolean("Calling twice changes no more than calling once.")),
                ("destructive", SchemaBuilder.Boolean("It takes something out of use."))))), 1000))),
        ResponseExample = new JsonObject
        {
            ["tools"] = new JsonArray(new JsonObject
            {
                ["name"] = "get_appointment",
                ["service"] = "clinical",
                ["description"] = "Shows one appointment.",
                ["input_schema"] = new JsonObject { ["type"] = "object" },
                ["output_schema"] = new JsonObject { ["type"] = "object" },
                ["annotations"] = new JsonObject { ["read_only"] = true, ["idempotent"] = true, ["destructive"] = false },
            }),
        },
        ErrorStatuses = [401, 429, 500, 503],
    };

    private static ApiOperation DescribeInvoke() => new("/api/mcp/tools/invoke", "post", "invoke_tool", GenericTag, "Call any tool by its name",
        "The same as the tool's own operation, with the tool's name and its parameters in one envelope.")
    {
        Parameters = [IdempotencyKeyParameter()],
        Body = RequestEnvelope(),
        BodyExamples = new()
        {
            ["who_am_i"] = WithSummary("Who am I?", new JsonObject { ["tool"] = "get_current_user", ["params"] = new JsonObject() }),
            ["doctors"] = WithSummary("Which doctors are there?", new JsonObject { ["tool"] = "list_doctors", ["params"] = new JsonObject { ["limit"] = 3 } }),
        },
        ResponseDescription = "The tool's bare result.",
        ResponseSchema = SchemaBuilder.AnyObject("What the tool's own operation answers."),
        ResponseExample = new JsonObject { ["id"] = "01980000-0000-7000-8001-000000000028", ["role"] = "PATIENT" },
        ExtraHeaders = [ResponseHeaders.Replayed],
        ErrorStatuses = ErrorStatuses,
    };

    /// <summary>Creates the schema of the envelope of a tool call.</summary>
    /// <param name="more">The additional fields of the envelope.</param>
    public static JsonObject RequestEnvelope(params (string, JsonObject)[] more) => SchemaBuilder.ClosedObject("A call of a tool.",
    [
        ("tool", SchemaBuilder.EnumOf("Which tool.", [.. ToolCatalogue.All.Keys])),
        ("params?", SchemaBuilder.Nullable(SchemaBuilder.AnyObject("Its parameters, as its own operation describes them; none unless given."))),
        .. more,
    ]);

    /// <summary>Returns what a tool acts on: the part of its name after the verb.</summary>
    private static string GetNoun(ToolDescriptor tool) => tool.Name[(tool.Name.IndexOf('_', StringComparison.Ordinal) + 1)..];

    private static JsonObject WithSummary(string summary, JsonObject value) => new() { ["summary"] = summary, ["value"] = value };

    /// <summary>Returns the first sentence of a description, or its main clause when the sentence is too long.</summary>
    private static string GetSummary(string description)
    {
        var end = description.IndexOfAny(['.', ':', ';']);
        var sentence = end < 0 ? description : description[..end];
        var comma = sentence.IndexOf(',', StringComparison.Ordinal);
        return sentence.Length <= MaxSummaryLength || comma < 0 ? sentence : sentence[..comma];
    }

    private static string DescribeEffect(Effect effect) => effect switch
    {
        Effect.Read => "Changes nothing.",
        Effect.Create => "Calling twice adds two, unless both calls carry the same Idempotency-Key.",
        Effect.Update => "Calling twice changes no more than calling once.",
        _ => "Takes out of use; nothing is erased.",
    };

    private static string DescribeCallers(Callers callers)
    {
        if (callers == Callers.Everyone) return "For every role.";
        return $"For {string.Join(", ", CallerKinds.All.Where(k => callers.HasFlag(k.Value)).Select(k => $"{k.Label}s"))}.";
    }
}
