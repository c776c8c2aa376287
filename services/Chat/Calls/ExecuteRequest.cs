using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Chat.Calls;

/// <summary>
/// Reads the body of <c>/mcp/execute</c> as clients of OpenAI's API write it too: text as a list of content parts, the role <c>developer</c>, <c>max_completion_tokens</c>.
/// What of that API is not taken is refused by name, with the reason.
/// </summary>
internal static class ExecuteRequest
{
    private const string Fixed = "is not taken: of the model's settings a caller chooses model, temperature and max_tokens alone. Leave it out";
    private const string NoTools = "is not taken: the model calls no tools here. Leave it out";
    private const string PlainText = "is not taken: an answer is plain text. Leave it out";
    private const string TokenTells = "is not taken: the token says who asks. Leave it out";

    /// <summary>Fields of a question in OpenAI's API that are none here, and why.</summary>
    private static readonly Dictionary<string, string> NotTaken = new()
    {
        ["top_p"] = Fixed, ["top_k"] = Fixed, ["presence_penalty"] = Fixed, ["frequency_penalty"] = Fixed, ["logit_bias"] = Fixed, ["seed"] = Fixed, ["stop"] = Fixed,
        ["reasoning_effort"] = Fixed, ["verbosity"] = Fixed, ["service_tier"] = Fixed, ["store"] = Fixed, ["web_search_options"] = Fixed,
        ["tools"] = NoTools, ["tool_choice"] = NoTools, ["parallel_tool_calls"] = NoTools, ["functions"] = NoTools, ["function_call"] = NoTools,
        ["response_format"] = PlainText, ["modalities"] = PlainText, ["audio"] = PlainText, ["prediction"] = PlainText, ["logprobs"] = PlainText, ["top_logprobs"] = PlainText,
        ["user"] = TokenTells, ["safety_identifier"] = TokenTells, ["prompt_cache_key"] = TokenTells,
        ["n"] = "is not taken: a question gets one answer. Leave it out",
        ["stream_options"] = "is not taken: GET /mcp/stream/{call_id} has events of its own. Leave it out",
        ["max_completion_tokens"] = "is another name for max_tokens. Send one of them",
        ["prompt"] = "is not taken: send messages",
    };

    /// <summary>The same for the fields of a message.</summary>
    private static readonly Dictionary<string, string> NotTakenInMessages = new()
    {
        ["name"] = "is not taken: the role says who speaks. Put the name into content",
        ["tool_calls"] = NoTools, ["tool_call_id"] = NoTools, ["function_call"] = NoTools,
        ["refusal"] = "is not taken: send what was said as content", ["audio"] = "is not taken: send what was said as content", ["annotations"] = "is not taken: send what was said as content",
    };

    /// <summary>A question. Throws <see cref="ToolNotFound"/> when it is another tool's, whose input is not known here, and <see cref="Invalid"/> naming all that is wrong.</summary>
    public static ExecuteCall Read(ReadOnlyMemory<byte> body, ModelOptions options)
    {
        var mistakes = new Dictionary<string, List<string>>();
        var sent = Parse(body);
        try
        {
            var asked = Params<ExecuteCall>.Read(sent is not null && Adapt(sent, mistakes) ? JsonSerializer.SerializeToUtf8Bytes<JsonNode>(sent, Json.Strict) : body);
            return mistakes.Count == 0 ? WithSystemRole(asked) : throw new Invalid(mistakes);
        }
        catch (Invalid) when (sent?["tool"] is JsonValue named && named.TryGetValue<string>(out var tool) && tool != BeginCall.Tool)
        {
            throw new ToolNotFound(tool);
        }
        catch (Invalid refusal)
        {
            AddReasons(refusal, mistakes);
            // Also what would be found only if the rest were right, so that all is named at once.
            CheckWishes(sent, "", options, mistakes);
            CheckWishes(sent?["input"], "input.", options, mistakes);
            throw new Invalid(mistakes);
        }
    }

    /// <summary>The body as a tree; null when it is none that can be read, which is then told by who reads the parameters.</summary>
    private static JsonObject? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            var sent = JsonNode.Parse(body.Span, documentOptions: new() { MaxDepth = Json.Deepest, AllowDuplicateProperties = false }) as JsonObject;
            ReadWhole(sent);
            return sent;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Reads every name and text, which a tree otherwise does when it is asked for it: those of which only half a surrogate pair is there, or that are no UTF-8, throw.</summary>
    private static void ReadWhole(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (_, value) in fields) ReadWhole(value);
                break;
            case JsonArray list:
                foreach (var value in list) ReadWhole(value);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
        }
    }

    /// <summary>Writes what has another form here in the form that the records have. False when there was nothing of the kind.</summary>
    private static bool Adapt(JsonObject sent, Dictionary<string, List<string>> mistakes)
    {
        var isAdapted = Adapt(sent, "", mistakes);
        if (sent["input"] is JsonObject input) isAdapted |= Adapt(input, "input.", mistakes);
        return isAdapted;
    }

    private static bool Adapt(JsonObject question, string path, Dictionary<string, List<string>> mistakes)
    {
        var isAdapted = false;
        if (!question.ContainsKey("max_tokens") && question.Remove("max_completion_tokens", out var most))
        {
            question["max_tokens"] = most;
            isAdapted = true;
        }
        if (question["messages"] is not JsonArray messages) return isAdapted;
        for (var i = 0; i < messages.Count; i++)
            if (messages[i] is JsonObject message && message["content"] is JsonArray parts)
            {
                message["content"] = Join(parts, $"{path}messages[{i}].content", mistakes);
                isAdapted = true;
            }
        return isAdapted;
    }

    /// <summary>The text of content parts, in their order and with nothing between them.</summary>
    private static string Join(JsonArray parts, string path, Dictionary<string, List<string>> mistakes)
    {
        if (parts.Count == 0) mistakes.Note(path, "must be text or a list of at least one part");
        var (text, before) = (new System.Text.StringBuilder(), mistakes.Count);
        for (var i = 0; i < parts.Count; i++) text.Append(TextOf(parts[i], $"{path}[{i}]", mistakes));
        // What is wrong with it is said already.
        return mistakes.Count > before || parts.Count == 0 ? "-" : text.ToString();
    }

    private static string? TextOf(JsonNode? part, string path, Dictionary<string, List<string>> mistakes)
    {
        var type = TextIn(part, "type");
        if (part is not JsonObject fields) mistakes.Note(path, "must be an object with type and text");
        else if (type is null) mistakes.Note($"{path}.type", "must be text");
        else if (type != "text") mistakes.Note($"{path}.type", $"must be text. {(type.Length > 50 ? "Another kind of part" : type)} is not taken, since the model is given text alone: describe it in words");
        else if (TextIn(part, "text") is not { } text) mistakes.Note($"{path}.text", "must be text");
        else if (fields.FirstOrDefault(f => f.Key is not ("type" or "text")) is { Key: { } other }) mistakes.Note($"{path}.{other}", "is not a parameter; there are type, text");
        else return text;
        return null;
    }

    private static string? TextIn(JsonNode? part, string field) => part is JsonObject fields && fields[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>What OpenAI's newer models call developer is a system message to every server of the protocol.</summary>
    private static ExecuteCall WithSystemRole(ExecuteCall asked) => asked with
    {
        Messages = WithSystemRole(asked.Messages),
        Input = asked.Input is { } input ? input with { Messages = WithSystemRole(input.Messages)! } : null,
    };

    private static ChatMessage[]? WithSystemRole(IReadOnlyList<ChatMessage>? messages) => messages?.Select(m => m.Role == "developer" ? m with { Role = Conversation.SystemRole } : m).ToArray();

    /// <summary>Adds what was refused, with the reason beside each field of OpenAI's that is none here.</summary>
    private static void AddReasons(Invalid refusal, Dictionary<string, List<string>> mistakes)
    {
        foreach (var (field, wrongs) in refusal.Details)
        {
            if (mistakes.ContainsKey(field)) continue;
            var name = field[(field.LastIndexOf('.') + 1)..];
            if ((field.Contains("messages[", StringComparison.Ordinal) ? NotTakenInMessages : NotTaken).TryGetValue(name, out var reason)) mistakes.Note(field, reason);
            else if (wrongs is JsonArray all)
                foreach (var wrong in all) mistakes.Note(field, (string)wrong!);
        }
    }

    private static void CheckWishes(JsonNode? question, string path, ModelOptions options, Dictionary<string, List<string>> mistakes)
    {
        var wishes = new Dictionary<string, List<string>>();
        options.Check(path, TextIn(question, "model"), question is JsonObject fields && fields["max_tokens"] is JsonValue most && most.TryGetValue<double>(out var tokens) && (double.IsInteger(tokens) || double.IsInfinity(tokens)) ? tokens : null, wishes);
        // The bound that holds here is narrower than the one of all servers.
        foreach (var (field, wrongs) in wishes) mistakes[field] = wrongs;
    }
}
