using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.OpenApi;

/// <summary>Every tool as an operation of its own, and the generic call of any.</summary>
internal static class DescribeTools
{
    public const string Generic = "Calling tools";

    private const int LongestLine = 80;

    /// <summary>What a call of a tool can be refused with.</summary>
    private static readonly int[] Refused = [400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 503];

    public static JsonObject IdempotencyKey() => Operation.Parameter("header", IdempotencyHeaders.Key,
        "Makes a write safe to repeat for 24 hours: with the same key and the same parameters it happens once, and a repetition gets the first answer; with other parameters, a password among them, it is a CONFLICT. The key belongs to you and to the tool: with another tool it is another write. A new UUID for each write is a good one.",
        new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = Tools.IdempotencyKey.Longest, ["pattern"] = "^[ -~]+$" });

    public static IEnumerable<Operation> All(Components components)
    {
        foreach (var tool in ToolCatalogue.All.Values.OrderBy(Noun).ThenBy(t => t.Effect)) yield return One(tool, components);
        yield return List();
        yield return Invoke();
    }

    /// <summary>The tag of a service's tools.</summary>
    public static string Tag(string service) => service == "chat" ? "Prompt tools" : char.ToUpperInvariant(service[0]) + service[1..];

    private static Operation One(Tool tool, Components components)
    {
        var (input, output) = (components.Input(tool.Params), components.Output(tool.Result));
        var (shortest, fullest) = (Example.Shortest(input, components), Example.Fullest(input, components));
        (string Name, JsonObject Value)[] examples = [("shortest", Named("What must be given", shortest)), ("fullest", Named("All that may be given", fullest))];
        if (JsonNode.DeepEquals(shortest, fullest)) examples = examples[..1];
        // The first is what a page fills in: to look, the simplest call; to change something, one that says what.
        else if (tool.Effect is Effect.Create or Effect.Update) Array.Reverse(examples);

        return new($"/api/mcp/tools/{tool.Name}", "post", tool.Name, Tag(tool.Service), Line(tool.Description), $"{tool.Description}\n\n{WhatItDoes(tool.Effect)} {WhoMay(tool.Callers)}")
        {
            Parameters = tool.Effect == Effect.Read ? [] : [IdempotencyKey()],
            Body = input,
            BodyIsOptional = shortest.Count == 0,
            BodyExamples = new(examples.Select(e => KeyValuePair.Create(e.Name, (JsonNode?)e.Value))),
            Answers = "The tool's bare result.",
            Answer = output,
            AnswerExample = Example.Answer(output, components),
            AnswerHeaders = tool.Effect == Effect.Read ? [] : [Headers.Replayed],
            Refused = Refused,
        };
    }

    private static Operation List() => new("/api/mcp/tools", "get", "list_tools", Generic, "The tools that your role may use",
        "Each with its description, the JSON Schemas (2020-12) of its parameters and its result, and what a call may change.")
    {
        Parameters = [DescribeHealth.IfNoneMatch()],
        AnswerHeaders = [Headers.ETag],
        OtherAnswers = new() { ["304"] = DescribeHealth.NotModified() },
        Answers = "The tools, by name.",
        Answer = Shape.Object("Tools.", ("tools", Shape.List(Shape.Object("A tool.",
            ("name", Shape.Choice("What it is called by.", [.. ToolCatalogue.All.Keys])),
            ("service", Shape.Choice("The service that owns it.", [.. ToolCatalogue.All.Values.Select(t => t.Service).Distinct().Order()])),
            ("description", Shape.Text(2000, "What it does, for people and models.")),
            ("input_schema", Shape.Anything("The JSON Schema of its parameters.")),
            ("output_schema", Shape.Anything("The JSON Schema of its result.")),
            ("annotations", Shape.Object("What a call may change.",
                ("read_only", Shape.Flag("It changes nothing.")),
                ("idempotent", Shape.Flag("Calling twice changes no more than calling once.")),
                ("destructive", Shape.Flag("It takes something out of use."))))), 1000))),
        AnswerExample = new JsonObject
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
        Refused = [401, 429, 500, 503],
    };

    private static Operation Invoke() => new("/api/mcp/tools/invoke", "post", "invoke_tool", Generic, "Call any tool by its name",
        "The same as the tool's own operation, with the tool's name and its parameters in one envelope.")
    {
        Parameters = [IdempotencyKey()],
        Body = Call(),
        BodyExamples = new()
        {
            ["who_am_i"] = Named("Who am I?", new JsonObject { ["tool"] = "get_current_user", ["params"] = new JsonObject() }),
            ["doctors"] = Named("Which doctors are there?", new JsonObject { ["tool"] = "list_doctors", ["params"] = new JsonObject { ["limit"] = 3 } }),
        },
        Answers = "The tool's bare result.",
        Answer = Shape.Anything("What the tool's own operation answers."),
        AnswerExample = new JsonObject { ["id"] = "01980000-0000-7000-8001-000000000028", ["role"] = "PATIENT" },
        AnswerHeaders = [Headers.Replayed],
        Refused = Refused,
    };

    /// <summary>The envelope of a call.</summary>
    /// <param name="more">Its further fields.</param>
    public static JsonObject Call(params (string, JsonObject)[] more) => Shape.Closed("A call of a tool.",
    [
        ("tool", Shape.Choice("Which tool.", [.. ToolCatalogue.All.Keys])),
        ("params?", Shape.Anything("Its parameters, as its own operation describes them; none unless given.")),
        .. more,
    ]);

    /// <summary>What a tool is about, by its name: all that follows the verb.</summary>
    private static string Noun(Tool tool) => tool.Name[(tool.Name.IndexOf('_', StringComparison.Ordinal) + 1)..];

    private static JsonObject Named(string summary, JsonObject value) => new() { ["summary"] = summary, ["value"] = value };

    /// <summary>The first sentence; of a long one, its main clause.</summary>
    private static string Line(string description)
    {
        var end = description.IndexOfAny(['.', ':', ';']);
        var sentence = end < 0 ? description : description[..end];
        var comma = sentence.IndexOf(',', StringComparison.Ordinal);
        return sentence.Length <= LongestLine || comma < 0 ? sentence : sentence[..comma];
    }

    private static string WhatItDoes(Effect effect) => effect switch
    {
        Effect.Read => "Changes nothing.",
        Effect.Create => "Calling twice adds two, unless both calls carry the same Idempotency-Key.",
        Effect.Update => "Calling twice changes no more than calling once.",
        _ => "Takes out of use; nothing is erased.",
    };

    private static string WhoMay(Callers callers)
    {
        if (callers == Callers.Everyone) return "For every role.";
        (Callers, string)[] kinds =
        [
            (Callers.Platform, "platform administrators"), (Callers.HospitalAdmin, "administrators of the hospital"), (Callers.Doctor, "doctors"), (Callers.Nurse, "nurses"), (Callers.Patient, "patients"),
        ];
        return $"For {string.Join(", ", kinds.Where(k => callers.HasFlag(k.Item1)).Select(k => k.Item2))}.";
    }
}
