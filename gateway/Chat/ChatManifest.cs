namespace MedCor.Gateway.Chat;

/// <summary>Represents the manifest of the chat API.</summary>
internal sealed record ChatManifest(string ServerName, string Version, string Role, string Description, IReadOnlyList<string> Capabilities,
    IReadOnlyList<ChatManifestTool> Tools)
{
    private const string Purpose =
        "Answers questions about health for the people of a clinic and their programs: general information, with the care of a clinical assistant, and never a "
        + "diagnosis.";

    public static ChatManifest Current { get; } = new(
        "medx-mcp-server",
        "0.1",
        Purpose,
        Purpose,
        [
            "Explaining conditions, tests and treatments in general terms",
            "Preparing a visit: what to tell and what to ask",
            "Telling when to see a clinician, and when to call for help at once",
            "Conversations that go on over many questions",
        ],
        [
            new("openai_chat", "openai_chat", "Asks an OpenAI-compatible chat model (gpt-4o-mini unless configured otherwise) and streams its answer.",
                new Dictionary<string, string>
                {
                    ["messages"] = "array of {role, content}",
                    ["model"] = "string",
                    ["max_tokens"] = "int",
                    ["temperature"] = "number",
                }),
        ]);
}

/// <summary>Represents a tool of the chat API.</summary>
internal sealed record ChatManifestTool(string Id, string Name, string Description, IReadOnlyDictionary<string, string> Inputs);
