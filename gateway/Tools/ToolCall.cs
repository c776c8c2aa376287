using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.Tools;

/// <summary>A call as it came out of its envelope: which tool, and its parameters as the very bytes that the client sent.</summary>
/// <param name="Params">Valid as long as the envelope's own bytes are.</param>
internal readonly record struct ToolCall(Tool Tool, ReadOnlySequence<byte> Params)
{
    private const int LongestName = 512;

    private static readonly FrozenDictionary<string, Tool>.AlternateLookup<ReadOnlySpan<char>> Catalogue =
        ToolCatalogue.All.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly ReadOnlySequence<byte> NoParams = new("{}"u8.ToArray());

    /// <summary>A call of a tool by its name; no bytes are no parameters. Throws <see cref="Missing"/> when there is no such tool.</summary>
    public static ToolCall To(string name, in ReadOnlySequence<byte> parameters) =>
        Catalogue.TryGetValue(name, out var tool) ? new(tool, parameters.IsEmpty ? NoParams : parameters) : throw new Missing("tool", DidYouMean.Hint(name, ToolCatalogue.All.Keys));

    /// <summary>Opens <c>{tool, params}</c>. Throws <see cref="Invalid"/> naming everything that is wrong with it.</summary>
    public static ToolCall Read(in ReadOnlySequence<byte> json) => Read(json, takesKey: false, [], out _);

    /// <summary>Opens <c>{tool, params, idempotency_key}</c>, for where no header can carry the key. Throws <see cref="Invalid"/> naming everything that is wrong with it.</summary>
    /// <param name="around">Fields of the envelope that have been read before.</param>
    public static ToolCall Read(in ReadOnlySequence<byte> json, out string? idempotencyKey, params ReadOnlySpan<string> around) => Read(json, takesKey: true, around, out idempotencyKey);

    private static ToolCall Read(in ReadOnlySequence<byte> json, bool takesKey, ReadOnlySpan<string> around, out string? idempotencyKey)
    {
        Tool? tool = null;
        var parameters = NoParams;
        var (toolSeen, paramsSeen, keySeen) = (false, false, false);
        var fields = takesKey ? "tool, params and idempotency_key" : "tool and params";
        idempotencyKey = null;
        Dictionary<string, List<string>>? mistakes = null;
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new Invalid("body", $"must be an object with the fields {fields}");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("tool"u8))
                {
                    if (toolSeen) (mistakes ??= []).Note("tool", "is given twice");
                    toolSeen = true;
                    tool = ReadTool(ref reader, ref mistakes);
                }
                else if (reader.ValueTextEquals("params"u8))
                {
                    if (paramsSeen) (mistakes ??= []).Note("params", "is given twice");
                    paramsSeen = true;
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.StartObject) (mistakes ??= []).Note("params", "must be an object");
                    var start = reader.TokenStartIndex;
                    reader.Skip();
                    parameters = json.Slice(start, reader.BytesConsumed - start);
                }
                else if (takesKey && reader.ValueTextEquals("idempotency_key"u8))
                {
                    if (keySeen) (mistakes ??= []).Note("idempotency_key", "is given twice");
                    keySeen = true;
                    idempotencyKey = ReadKey(ref reader, ref mistakes);
                }
                else if (IsAny(reader, around))
                {
                    reader.Skip();
                }
                else
                {
                    var name = reader.GetString()!;
                    if ((mistakes ??= []).HasRoomFor(name)) mistakes.Note(name, $"is not a field here; there are {fields}{DidYouMean.Hint(name, takesKey ? ["tool", "params", "idempotency_key"] : ["tool", "params"])}");
                    reader.Skip();
                }
            }
            // Whatever follows the object is malformed.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter on half a surrogate pair and on bytes that are not UTF-8
        {
            throw new Invalid("body", ClientJson.TooDeep(json, around: 1) ?? "must be well-formed JSON");
        }

        if (!toolSeen) (mistakes ??= []).Note("tool", "is required");
        return mistakes is null ? new(tool!, parameters) : throw new Invalid(mistakes);
    }

    private static bool IsAny(in Utf8JsonReader reader, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (reader.ValueTextEquals(name)) return true;
        return false;
    }

    private static Tool? ReadTool(ref Utf8JsonReader reader, ref Dictionary<string, List<string>>? mistakes)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            (mistakes ??= []).Note("tool", "must be text");
            reader.Skip();
            return null;
        }
        var hint = "";
        if ((reader.HasValueSequence ? reader.ValueSequence.Length : reader.ValueSpan.Length) <= LongestName)
        {
            Span<char> name = stackalloc char[LongestName];
            name = name[..reader.CopyString(name)];
            if (Catalogue.TryGetValue(name, out var tool)) return tool;
            if (mistakes?.HasRoomFor("tool") is false) return null;
            hint = DidYouMean.Hint(name.ToString(), ToolCatalogue.All.Keys);
        }
        (mistakes ??= []).Note("tool", $"is not a tool; GET /api/mcp/tools lists those that you may use{hint}");
        return null;
    }

    /// <summary>A key; null is none.</summary>
    private static string? ReadKey(ref Utf8JsonReader reader, ref Dictionary<string, List<string>>? mistakes)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && reader.GetString()! is var key && IdempotencyKey.IsValid(key)) return key;
        if (reader.TokenType != JsonTokenType.Null) (mistakes ??= []).Note("idempotency_key", IdempotencyKey.Rule);
        reader.Skip();
        return null;
    }
}
