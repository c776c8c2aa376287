using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using MedCor.Contracts;

namespace MedCor.Validation;

/// <summary>
/// Reads the object in which a client wraps what it sends, such as <c>{tool, params}</c>: each field once, unknown fields refused, and all errors reported
/// together. Values are returned as the exact bytes of the client.
/// </summary>
/// <param name="json">The document.</param>
/// <param name="root">The name of the document in errors.</param>
/// <param name="depth">The number of levels that belong to envelopes and are not counted.</param>
/// <param name="fields">The names of the fields, which are the same at every call.</param>
public ref struct EnvelopeReader(in ReadOnlySequence<byte> json, string root, int depth, params string[] fields)
{
    private readonly ReadOnlySequence<byte> _json = json;
    private Utf8JsonReader _reader = new(json);
    private int _fieldsRead;
    private Dictionary<string, List<string>>? _errors;

    /// <summary>Gets or sets the names of fields that others read.</summary>
    public ReadOnlySpan<string> OtherFields { get; init; }

    /// <summary>Gets or sets whether others read all other fields.</summary>
    public bool HasOtherFields { get; init; }

    /// <summary>Gets a reader that is at the beginning of the current field's value, which is well-formed.</summary>
    public Utf8JsonReader Value { get; private set; }

    /// <summary>Gets the bytes of the current field's value.</summary>
    public ReadOnlySequence<byte> ValueBytes { get; private set; }

    /// <summary>Moves to the next known field. Returns false at the end of the document.</summary>
    /// <exception cref="ValidationFailed">The document is no object, or malformed.</exception>
    public bool Read([NotNullWhen(true)] out string? field)
    {
        try
        {
            if (_reader.TokenType == JsonTokenType.None)
            {
                _reader.Read();
                if (_reader.TokenType != JsonTokenType.StartObject)
                    throw new ValidationFailed(root, $"must be an object with the {(AllFields.Length == 1 ? "field" : "fields")} {ListFields()}");
            }
            while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
            {
                var index = IndexOfName(fields);
                var unknown = index < 0 && !HasOtherFields && IndexOfName(OtherFields) < 0 ? _reader.GetString() : null;
                _reader.Read();
                var start = _reader.TokenStartIndex;
                Value = _reader;
                _reader.Skip();
                ValueBytes = _json.Slice(start, _reader.BytesConsumed - start);
                if (unknown is not null)
                    AddError(unknown,
                        $"is not a field here; there {(AllFields.Length == 1 ? "is" : "are")} {ListFields()}{DidYouMean.Hint(unknown, AllFields)}");
                if (index < 0) continue;

                field = fields[index];
                if (HasRead(index)) AddError(field, "is given twice");
                _fieldsRead |= 1 << index;
                return true;
            }
            // Anything after the object is malformed; this read throws then.
            _reader.Read();
            field = null;
            return false;
        }
        catch (Exception e) when (ClientJson.IsReadFailure(e))
        {
            throw new ValidationFailed(root, ClientJson.DescribeFailure(e, _json, depth));
        }
    }

    /// <summary>Adds an error, unless there are too many.</summary>
    public void AddError(string field, string error)
    {
        _errors ??= [];
        if (_errors.HasRoomFor(field)) _errors.AddError(field, error);
    }

    /// <summary>Completes the document, whose first field is required. Throws <see cref="ValidationFailed"/> with all errors, if there are any.</summary>
    public void Complete()
    {
        if (!HasRead(0)) AddError(fields[0], "is required");
        if (_errors is not null) throw new ValidationFailed(_errors);
    }

    private readonly bool HasRead(int index) => (_fieldsRead & (1 << index)) != 0;

    private readonly int IndexOfName(ReadOnlySpan<string> names)
    {
        for (var i = 0; i < names.Length; i++)
            if (_reader.ValueTextEquals(names[i])) return i;
        return -1;
    }

    /// <summary>The names of the fields that a client may send, for errors.</summary>
    private readonly string[] AllFields => [.. OtherFields, .. fields];

    private readonly string ListFields() => AllFields is [.. var others, var last] && others.Length > 0 ? $"{string.Join(", ", others)} and {last}" : fields[0];
}
