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

    private static readonly string[] Fields = ["tool", "params"];
    private static readonly string[] FieldsWithKey = ["tool", "params", "idempotency_key"];

    private static readonly FrozenDictionary<string, ToolDescriptor>.AlternateLookup<ReadOnlySpan<char>> Catalogue =
        ToolCatalogue.All.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly ReadOnlySequence<byte> EmptyParams = new("{}"u8.ToArray());

    /// <summary>Creates a call of a tool by its name; no bytes mean no parameters. Throws <see cref="NotFound"/> when the tool does not exist.</summary>
    public static ToolRequest ForTool(string name, in ReadOnlySequence<byte> parameters) =>
        Catalogue.TryGetValue(name, out var tool)
            ? new(tool, parameters.IsEmpty ? EmptyParams : parameters)
            : throw new NotFound("tool", DidYouMean.Hint(name, ToolCatalogue.All.Keys));

    /// <summary>Parses <c>{tool, params}</c>. Throws <see cref="ValidationFailed"/> with all errors when the envelope is invalid.</summary>
    public static ToolRequest Parse(in ReadOnlySequence<byte> json) => Parse(json, Fields, [], out _);

    /// <summary>
    /// Parses <c>{tool, params, idempotency_key}</c>, for callers that cannot send the key in a header. Throws <see cref="ValidationFailed"/> with all
    /// errors when the envelope is invalid.
    /// </summary>
    /// <param name="around">The names of envelope fields that have already been read.</param>
    public static ToolRequest Parse(in ReadOnlySequence<byte> json, out string? idempotencyKey, params ReadOnlySpan<string> around) =>
        Parse(json, FieldsWithKey, around, out idempotencyKey);

    private static ToolRequest Parse(in ReadOnlySequence<byte> json, string[] fields, ReadOnlySpan<string> around, out string? idempotencyKey)
    {
        ToolDescriptor? tool = null;
        var parameters = EmptyParams;
        idempotencyKey = null;
        var envelope = new EnvelopeReader(json, "body", depth: 1, fields) { OtherFields = around };
        while (envelope.Read(out var field))
        {
            if (field == "tool") tool = ReadTool(ref envelope);
            else if (field == "idempotency_key") idempotencyKey = ReadKey(ref envelope);
            else if (envelope.Value.TokenType == JsonTokenType.StartObject) parameters = envelope.ValueBytes;
            else if (envelope.Value.TokenType != JsonTokenType.Null) envelope.AddError("params", "must be an object");
        }
        envelope.Complete();
        return new(tool!, parameters);
    }

    private static ToolDescriptor? ReadTool(ref EnvelopeReader envelope)
    {
        var value = envelope.Value;
        if (value.TokenType != JsonTokenType.String)
        {
            envelope.AddError("tool", "must be text");
            return null;
        }
        var hint = "";
        if ((value.HasValueSequence ? value.ValueSequence.Length : value.ValueSpan.Length) <= MaxNameLength)
        {
            Span<char> name = stackalloc char[MaxNameLength];
            try
            {
                name = name[..value.CopyString(name)];
            }
            catch (InvalidOperationException)
            {
                envelope.AddError("tool", ValidationErrors.NotUnicode);
                return null;
            }
            if (Catalogue.TryGetValue(name, out var tool)) return tool;
            hint = DidYouMean.Hint(name.ToString(), ToolCatalogue.All.Keys);
        }
        envelope.AddError("tool", $"is not a tool; GET /api/mcp/tools lists those that you may use{hint}");
        return null;
    }

    /// <summary>Reads an idempotency key; null means no key.</summary>
    private static string? ReadKey(ref EnvelopeReader envelope)
    {
        var value = envelope.Value;
        if (value.TokenType == JsonTokenType.Null) return null;
        var key = value.TokenType == JsonTokenType.String ? ClientJson.ReadText(ref value) : "";
        if (key is not null && IdempotencyKey.IsValid(key)) return key;
        envelope.AddError("idempotency_key", key is null ? ValidationErrors.NotUnicode : IdempotencyKey.ErrorText);
        return null;
    }
}
