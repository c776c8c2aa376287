using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>Represents a parsed tool call: the tool, and its parameters as the exact bytes that the client sent.</summary>
/// <param name="Params">The parameters, valid as long as the buffer of the envelope.</param>
internal readonly record struct ToolRequest(ToolDescriptor Tool, ReadOnlySequence<byte> Params)
{
    private const int MaxNameLength = 512;

    private static readonly FrozenDictionary<string, ToolDescriptor>.AlternateLookup<ReadOnlySpan<char>> Catalogue =
        ToolCatalogue.All.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly ReadOnlySequence<byte> EmptyParams = new("{}"u8.ToArray());

    /// <summary>Creates a call of a tool by its name; no bytes mean no parameters. Throws <see cref="NotFound"/> when the tool does not exist.</summary>
    public static ToolRequest ForTool(string name, in ReadOnlySequence<byte> parameters) =>
        Catalogue.TryGetValue(name, out var tool)
            ? new(tool, parameters.IsEmpty ? EmptyParams : parameters)
            : throw new NotFound("tool", DidYouMean.Hint(name, ToolCatalogue.All.Keys));

    /// <summary>Parses <c>{tool, params}</c>. Throws <see cref="ValidationFailed"/> with all errors when the envelope is invalid.</summary>
    public static ToolRequest Parse(in ReadOnlySequence<byte> json) => Parse(json, takesKey: false, [], out _);

    /// <summary>
    /// Parses <c>{tool, params, idempotency_key}</c>, for callers that cannot send the key in a header. Throws <see cref="ValidationFailed"/> with all
    /// errors when the envelope is invalid.
    /// </summary>
    /// <param name="around">The names of envelope fields that have already been read.</param>
    public static ToolRequest Parse(in ReadOnlySequence<byte> json, out string? idempotencyKey, params ReadOnlySpan<string> around) =>
        Parse(json, takesKey: true, around, out idempotencyKey);

    private static ToolRequest Parse(in ReadOnlySequence<byte> json, bool takesKey, ReadOnlySpan<string> around, out string? idempotencyKey)
    {
        ToolDescriptor? tool = null;
        var parameters = EmptyParams;
        var (toolSeen, paramsSeen, keySeen) = (false, false, false);
        var fields = takesKey ? "tool, params and idempotency_key" : "tool and params";
        idempotencyKey = null;
        Dictionary<string, List<string>>? mistakes = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new ValidationFailed("body", $"must be an object with the fields {fields}");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("tool"u8))
                {
                    if (toolSeen) (mistakes ??= []).AddError("tool", "is given twice");
                    toolSeen = true;
                    tool = ReadTool(ref reader, ref mistakes);
                }
                else if (reader.ValueTextEquals("params"u8))
                {
                    if (paramsSeen) (mistakes ??= []).AddError("params", "is given twice");
                    paramsSeen = true;
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.Null) continue;
                    if (reader.TokenType != JsonTokenType.StartObject) (mistakes ??= []).AddError("params", "must be an object");
                    var start = reader.TokenStartIndex;
                    reader.Skip();
                    parameters = json.Slice(start, reader.BytesConsumed - start);
                }
                else if (takesKey && reader.ValueTextEquals("idempotency_key"u8))
                {
                    if (keySeen) (mistakes ??= []).AddError("idempotency_key", "is given twice");
                    keySeen = true;
                    idempotencyKey = ReadKey(ref reader, ref mistakes);
                }
                else if (MatchesAny(reader, around))
                {
                    reader.Skip();
                }
                else
                {
                    var name = reader.GetString()!;
                    string[] known = takesKey ? ["tool", "params", "idempotency_key"] : ["tool", "params"];
                    if ((mistakes ??= []).HasRoomFor(name)) mistakes.AddError(name, $"is not a field here; there are {fields}{DidYouMean.Hint(name, known)}");
                    reader.Skip();
                }
            }
            // Anything after the object is malformed; this read throws then.
            reader.Read();
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            throw new ValidationFailed("body", ClientJson.DescribeFailure(e, json, around: 1));
        }

        if (!toolSeen) (mistakes ??= []).AddError("tool", "is required");
        return mistakes is null ? new(tool!, parameters) : throw new ValidationFailed(mistakes);
    }

    private static bool MatchesAny(in Utf8JsonReader reader, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (reader.ValueTextEquals(name)) return true;
        return false;
    }

    private static ToolDescriptor? ReadTool(ref Utf8JsonReader reader, ref Dictionary<string, List<string>>? mistakes)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            (mistakes ??= []).AddError("tool", "must be text");
            reader.Skip();
            return null;
        }
        var hint = "";
        if ((reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) <= MaxNameLength)
        {
            Span<char> name = stackalloc char[MaxNameLength];
            try
            {
                name = name[..reader.CopyString(name)];
            }
            catch (InvalidOperationException)
            {
                (mistakes ??= []).AddError("tool", ValidationErrors.NotUnicode);
                return null;
            }
            if (Catalogue.TryGetValue(name, out var tool)) return tool;
            if (mistakes?.HasRoomFor("tool") is false) return null;
            hint = DidYouMean.Hint(name.ToString(), ToolCatalogue.All.Keys);
        }
        (mistakes ??= []).AddError("tool", $"is not a tool; GET /api/mcp/tools lists those that you may use{hint}");
        return null;
    }

    /// <summary>Reads an idempotency key; null means no key.</summary>
    private static string? ReadKey(ref Utf8JsonReader reader, ref Dictionary<string, List<string>>? mistakes)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return null;
        var key = reader.TokenType == JsonTokenType.String ? ClientJson.ReadText(ref reader) : "";
        if (key is not null && IdempotencyKey.IsValid(key)) return key;
        (mistakes ??= []).AddError("idempotency_key", key is null ? ValidationErrors.NotUnicode : IdempotencyKey.ErrorText);
        reader.Skip();
        return null;
    }
}
