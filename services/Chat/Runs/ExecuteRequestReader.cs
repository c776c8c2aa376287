using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Chat.LanguageModel;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;

namespace MedCor.Chat.Runs;

/// <summary>
/// Reads the body of <c>/mcp/execute</c>, also as clients of OpenAI's API write it: text as a list of content parts, the role <c>developer</c>,
/// <c>max_completion_tokens</c>. A field of that API that is not supported is rejected by name, with the reason.
/// </summary>
internal static class ExecuteRequestReader
{
    private const string SettingIsFixed = "is not supported: callers can set only model, temperature and max_tokens. Leave it out";
    private const string ToolsNotSupported = "is not supported: the model calls no tools of the caller. Leave it out";
    private const string ToolsAreMedCors = "must be true or false beside messages or input: the model calls MedCor's tools and no others";
    private const string AnswersArePlainText = "is not supported: an answer is plain text. Leave it out";
    private const string UserComesFromToken = "is not supported: the token identifies the user. Leave it out";

    /// <summary>The fields of a question in OpenAI's API that are not supported here, with the reasons.</summary>
    private static readonly Dictionary<string, string> UnsupportedFields = new()
    {
        ["top_p"] = SettingIsFixed, ["top_k"] = SettingIsFixed, ["presence_penalty"] = SettingIsFixed, ["frequency_penalty"] = SettingIsFixed,
        ["logit_bias"] = SettingIsFixed, ["seed"] = SettingIsFixed, ["stop"] = SettingIsFixed,
        ["reasoning_effort"] = SettingIsFixed, ["verbosity"] = SettingIsFixed, ["service_tier"] = SettingIsFixed, ["store"] = SettingIsFixed,
        ["web_search_options"] = SettingIsFixed,
        ["tools"] = ToolsAreMedCors, ["tool_choice"] = ToolsNotSupported, ["parallel_tool_calls"] = ToolsNotSupported, ["functions"] = ToolsNotSupported,
        ["function_call"] = ToolsNotSupported,
        ["response_format"] = AnswersArePlainText, ["modalities"] = AnswersArePlainText, ["audio"] = AnswersArePlainText, ["prediction"] = AnswersArePlainText,
        ["logprobs"] = AnswersArePlainText, ["top_logprobs"] = AnswersArePlainText,
        ["user"] = UserComesFromToken, ["safety_identifier"] = UserComesFromToken, ["prompt_cache_key"] = UserComesFromToken,
        ["n"] = "is not supported: a request has one answer. Leave it out",
        ["stream_options"] = "is not supported: GET /mcp/stream/{call_id} has its own events. Leave it out",
        ["max_completion_tokens"] = "is another name for max_tokens. Send one of them",
        ["prompt"] = "is not supported: send messages",
    };

    /// <summary>The fields of a message in OpenAI's API that are not supported here, with the reasons.</summary>
    private static readonly Dictionary<string, string> UnsupportedMessageFields = new()
    {
        ["name"] = "is not supported: the role identifies the author. Put the name into content",
        ["tool_calls"] = ToolsNotSupported, ["tool_call_id"] = ToolsNotSupported, ["function_call"] = ToolsNotSupported,
        ["refusal"] = "is not supported: send the text as content", ["audio"] = "is not supported: send the text as content",
        ["annotations"] = "is not supported: send the text as content",
    };

    /// <summary>
    /// Reads a question. Throws <see cref="ToolNotFound"/> when it names another tool, whose input is not known here, and
    /// <see cref="ValidationFailed"/> naming everything that is wrong.
    /// </summary>
    public static ExecuteCall Read(ReadOnlyMemory<byte> body, ModelOptions options, Caller? caller)
    {
        var mistakes = new Dictionary<string, List<string>>();
        var json = Parse(body, mistakes);
        var undecodable = mistakes.Keys.ToArray();
        try
        {
            var request = ParameterReader<ExecuteCall>.Read(json is not null && Normalize(json, mistakes) | undecodable.Length > 0
                ? JsonSerializer.SerializeToUtf8Bytes<JsonNode>(json, Json.Strict)
                : body);
            return mistakes.Count == 0 ? WithSystemRole(request) : throw new ValidationFailed(mistakes);
        }
        catch (ValidationFailed) when (!undecodable.Contains("tool") && json?["tool"] is JsonValue value && value.TryGetValue<string>(out var tool)
            && tool != ChatRunStarter.ToolName)
        {
            throw new ToolNotFound(tool);
        }
        catch (ValidationFailed failure)
        {
            AddReasons(failure, mistakes);
            // Adds the errors that would be found only if the rest were valid, so that all are reported at once.
            ValidateSettings(json, "", options, caller, mistakes);
            ValidateSettings(json?["input"], "input.", options, caller, mistakes);
            foreach (var field in undecodable) mistakes[field] = [ValidationErrors.NotUnicode];
            throw new ValidationFailed(mistakes);
        }
    }

    /// <summary>Returns the body as a JSON tree; null when it cannot be read, which the parameter reader then reports.</summary>
    /// <param name="mistakes">Receives an error for each text that is not valid Unicode, for which a placeholder stands in the tree.</param>
    private static JsonObject? Parse(ReadOnlyMemory<byte> body, Dictionary<string, List<string>> mistakes)
    {
        try
        {
            var json = JsonNode.Parse(body.Span, documentOptions: new() { MaxDepth = Json.Deepest, AllowDuplicateProperties = false }) as JsonObject;
            DecodeStrings(json, "", mistakes);
            return json;
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            mistakes.Clear();
            return null;
        }
    }

    /// <summary>
    /// Decodes every name and text, which a JSON tree otherwise does only on access. A name with half a surrogate pair or invalid UTF-8 throws.
    /// </summary>
    private static void DecodeStrings(JsonNode? node, string path, Dictionary<string, List<string>> mistakes)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields.ToArray()) DecodeStrings(value, path.Length == 0 ? name : $"{path}.{name}", mistakes);
                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++) DecodeStrings(list[i], $"{path}[{i}]", mistakes);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && !IsUnicode(value):
                mistakes.AddError(path, ValidationErrors.NotUnicode);
                value.ReplaceWith("-");
                break;
        }
    }

    private static bool IsUnicode(JsonValue text)
    {
        try
        {
            return text.GetValue<string>() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Rewrites the alternative forms into the form of the contracts. Returns false when there were none.</summary>
    private static bool Normalize(JsonObject json, Dictionary<string, List<string>> mistakes)
    {
        var isChanged = Normalize(json, "", mistakes);
        if (json["input"] is JsonObject input) isChanged |= Normalize(input, "input.", mistakes);
        return isChanged;
    }

    private static bool Normalize(JsonObject question, string path, Dictionary<string, List<string>> mistakes)
    {
        var isChanged = false;
        if (!question.ContainsKey("max_tokens") && question.Remove("max_completion_tokens", out var maxTokens))
        {
            question["max_tokens"] = maxTokens;
            isChanged = true;
        }
        if (question["messages"] is not JsonArray messages) return isChanged;
        for (var i = 0; i < messages.Count; i++)
            if (messages[i] is JsonObject message && message["content"] is JsonArray parts)
            {
                message["content"] = JoinParts(parts, $"{path}messages[{i}].content", mistakes);
                isChanged = true;
            }
        return isChanged;
    }

    /// <summary>Returns the text of content parts, in order and without separators.</summary>
    private static string JoinParts(JsonArray parts, string path, Dictionary<string, List<string>> mistakes)
    {
        if (parts.Count == 0) mistakes.AddError(path, "must be text or a list of at least one part");
        var (text, countBefore) = (new System.Text.StringBuilder(), mistakes.Count);
        for (var i = 0; i < parts.Count; i++) text.Append(ReadPart(parts[i], $"{path}[{i}]", mistakes));
        // The errors are already added, so a placeholder stands for the text.
        return mistakes.Count > countBefore || parts.Count == 0 ? "-" : text.ToString();
    }

    private static string? ReadPart(JsonNode? part, string path, Dictionary<string, List<string>> mistakes)
    {
        var type = GetString(part, "type");
        if (part is not JsonObject fields) mistakes.AddError(path, "must be an object with type and text");
        else if (type is null) mistakes.AddError($"{path}.type", "must be text");
        else if (type != "text") mistakes.AddError($"{path}.type",
            $"must be text. {(type.Length > 50 ? "Another kind of part" : type)} is not supported, because the model receives only text: describe it in words");
        else if (GetString(part, "text") is not { } text) mistakes.AddError($"{path}.text", "must be text");
        else if (fields.FirstOrDefault(f => f.Key is not ("type" or "text")) is { Key: { } other })
            mistakes.AddError($"{path}.{other}", "is not a parameter; there are type, text");
        else return text;
        return null;
    }

    private static string? GetString(JsonNode? part, string field) =>
        part is JsonObject fields && fields[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Replaces the role developer of OpenAI's newer models with system, which every server of the protocol understands.</summary>
    private static ExecuteCall WithSystemRole(ExecuteCall request) => request with
    {
        Messages = WithSystemRole(request.Messages),
        Input = request.Input is { } input ? input with { Messages = WithSystemRole(input.Messages)! } : null,
    };

    private static ChatMessage[]? WithSystemRole(IReadOnlyList<ChatMessage>? messages) =>
        messages?.Select(m => m.Role == "developer" ? m with { Role = ChatHistory.SystemRole } : m).ToArray();

    /// <summary>Adds the errors of a rejected request, with the reason for each field of OpenAI's API that is not supported here.</summary>
    private static void AddReasons(ValidationFailed failure, Dictionary<string, List<string>> mistakes)
    {
        foreach (var (field, messages) in failure.Details)
        {
            if (mistakes.ContainsKey(field)) continue;
            var name = field[(field.LastIndexOf('.') + 1)..];
            if ((field.Contains("messages[", StringComparison.Ordinal) ? UnsupportedMessageFields : UnsupportedFields).TryGetValue(name, out var reason))
                mistakes.AddError(field, reason);
            else if (messages is JsonArray list)
                foreach (var message in list) mistakes.AddError(field, (string)message!);
        }
    }

    private static void ValidateSettings(JsonNode? question, string path, ModelOptions options, Caller? caller, Dictionary<string, List<string>> mistakes)
    {
        var settingErrors = new Dictionary<string, List<string>>();
        options.Validate(path, GetString(question, "model") is { } model ? PlainText.Trim(model) : null,
            question is JsonObject fields && fields["max_tokens"] is JsonValue maxTokens && maxTokens.TryGetValue<double>(out var tokens)
            && (double.IsInteger(tokens) || double.IsInfinity(tokens)) ? tokens : null, settingErrors, caller);
        // The limit of this server is narrower than the general one, so it replaces that error.
        foreach (var (field, messages) in settingErrors) mistakes[field] = messages;
    }
}
