using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Validation;

namespace MedCor.Gateway.ToolInvocation;

/// <summary>A call as it came out of its envelope: which tool, and its parameters as the very bytes that the client sent.</summary>
/// <param name="Params">Valid as long as the envelope's own bytes are.</param>
internal readonly record struct ToolRequest(ToolDescriptor Tool, ReadOnlySequence<byte> Params)
{
    private const int MaxNameLength = 512;

    private static readonly FrozenDictionary<string, ToolDescriptor>.AlternateLookup<ReadOnlySpan<char>> Catalogue =
        ToolCatalogue.All.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly ReadOnlySequence<byte> EmptyParams = new("{}"u8.ToArray());

    /// <summary>A call of a tool by its name; no bytes are no parameters. Throws <see cref="NotFound"/> when there is no such tool.</summary>
    public static ToolRequest ForTool(string name, in ReadOnlySequence<byte> parameters) =>
        Catalogue.TryGetValue(name, out var tool) ? new(tool, parameters.IsEmpty ? EmptyParams : parameters) : throw new NotFound("tool", DidYouMean.Hint(name, ToolCatalogue.All.Keys));

    /// <summary>Opens <c>{tool, params}</c>. Throws <see cref="ValidationFailed"/> naming everything that is wrong with it.</summary>
    public static ToolRequest Parse(in ReadOnlySequence<byte> json) => Parse(json, takesKey: false, [], out _);

    /// <summary>Opens <c>{tool, params, idempotency_key}</c>, for where no header can carry the key. Throws <see cref="ValidationFailed"/> naming everything that is wrong with it.</summary>
    /// <param name="around">Fields of the envelope that have been read before.</param>
    public static ToolRequest Parse(in ReadOnlySequence<byte> json, out string? idempotencyKey, params ReadOnlySpan<string> around) => Parse(json, takesKey: true, around, out idempotencyKey);

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
                    if ((mistakes ??= []).HasRoomFor(name)) mistakes.AddError(name, $"is not a field here; there are {fields}{DidYouMean.Hint(name, takesKey ? ["tool", "params", "idempotency_key"] : ["tool", "params"])}");
                    reader.Skip();
                }
            }
            // Whatever follows the object is malformed.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter on half a surrogate pair and on bytes that are not UTF-8
        {
            throw new ValidationFailed("body", ClientJson.TooDeep(json, around: 1) ?? "must be well-formed JSON");
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
            name = name[..reader.CopyString(name)];
            if (Catalogue.TryGetValue(name, out var tool)) return tool;
            if (mistakes?.HasRoomFor("tool") is false) return null;
            hint = DidYouMean.Hint(name.ToString(), ToolCatalogue.All.Keys);
        }
        (mistakes ??= []).AddError("tool", $"is not a tool; GET /api/mcp/tools lists those that you may use{hint}");
        return null;
    }

    /// <summary>A key; null is none.</summary>
    private static string? ReadKey(ref Utf8JsonReader reader, ref Dictionary<string, List<string>>? mistakes)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && reader.GetString()! is var key && IdempotencyKey.IsValid(key)) return key;
        if (reader.TokenType != JsonTokenType.Null) (mistakes ??= []).AddError("idempotency_key", IdempotencyKey.ErrorText);
        reader.Skip();
        return null;
    }
}
