using System.Text.Json;
using MedCor.Contracts;

namespace MedCor.Gateway.Endpoints;

/// <summary>Puts into an answer's entities what they name. Written from the bytes that came to the bytes that go, with no tree of them between.</summary>
/// <param name="isList">Whether the answer is a page of entities, or one.</param>
internal sealed class ResourceExpansion(bool isList)
{
    /// <summary>The ids of what the entities name.</summary>
    public HashSet<string> CollectIds(ReadOnlySpan<byte> answer, ResourceReference reference)
    {
        var ids = new HashSet<string>();
        // An entity's fields stand at the first level, those of a page's at the third; those in a list of its own two further in.
        var depth = 1 + (isList ? 2 : 0) + (reference.List is null ? 0 : 2);
        var reader = new Utf8JsonReader(answer);
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth && reader.ValueTextEquals(reference.Field) && reader.Read() && reader.TokenType == JsonTokenType.String)
                ids.Add(reader.GetString()!);
        return ids;
    }

    /// <summary>The entities of a page, as they are written in it, by id.</summary>
    public static IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> IndexById(ReadOnlyMemory<byte> page)
    {
        var found = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        var reader = new Utf8JsonReader(page.Span);
        var (start, id) = (0, "");
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.StartObject && reader.CurrentDepth == 2) start = (int)reader.TokenStartIndex;
            else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 2) found.Add(new(id, page[start..(int)reader.BytesConsumed]));
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 3 && reader.ValueTextEquals("id"u8) && reader.Read()) id = reader.GetString()!;
        return found;
    }

    /// <summary>Writes the answer with what was found.</summary>
    /// <param name="found">For each reference what it names, by id; what is not there is null.</param>
    /// <param name="fields">The only fields of the entities to keep, beside those that are expanded; null for all.</param>
    public void Write(ReadOnlySpan<byte> answer, IReadOnlyList<ResourceReference> references, IReadOnlyList<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> found, IReadOnlySet<string>? fields, Utf8JsonWriter to)
    {
        var reader = new Utf8JsonReader(answer);
        reader.Read();
        if (!isList)
        {
            WriteEntity(ref reader, answer, references, found, fields, to);
            return;
        }
        to.WriteStartObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRows = reader.ValueTextEquals("results"u8);
            to.WritePropertyName(reader.GetString()!);
            reader.Read();
            if (isRows) WriteEntities(ref reader, answer, references, found, fields, to);
            else Copy(ref reader, answer, to);
        }
        to.WriteEndObject();
    }

    private static void WriteEntities(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> answer, IReadOnlyList<ResourceReference> references, IReadOnlyList<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> found, IReadOnlySet<string>? fields, Utf8JsonWriter to)
    {
        to.WriteStartArray();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) WriteEntity(ref reader, answer, references, found, fields, to);
        to.WriteEndArray();
    }

    private static void WriteEntity(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> answer, IReadOnlyList<ResourceReference> references, IReadOnlyList<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> found, IReadOnlySet<string>? fields, Utf8JsonWriter to)
    {
        var ids = new string?[references.Count];
        to.WriteStartObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var inner = -1;
            for (var i = 0; i < references.Count; i++)
                if (references[i].List == name) inner = i;
                else if (references[i].List is null && references[i].Field == name && reader.TokenType == JsonTokenType.String) ids[i] = reader.GetString();
            if (inner >= 0 && reader.TokenType == JsonTokenType.StartArray)
            {
                to.WritePropertyName(name);
                WriteEntities(ref reader, answer, [references[inner] with { List = null }], [found[inner]], null, to);
            }
            else if (fields?.Contains(name) == false)
            {
                reader.Skip();
            }
            else
            {
                to.WritePropertyName(name);
                Copy(ref reader, answer, to);
            }
        }
        for (var i = 0; i < references.Count; i++)
        {
            if (references[i].List is not null) continue;
            to.WritePropertyName(references[i].Expanded);
            if (ids[i] is { } id && found[i].TryGetValue(id, out var other)) to.WriteRawValue(other.Span, skipInputValidation: true);
            else to.WriteNullValue();
        }
        to.WriteEndObject();
    }

    private static void Copy(ref Utf8JsonReader reader, ReadOnlySpan<byte> answer, Utf8JsonWriter to)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        to.WriteRawValue(answer[start..(int)reader.BytesConsumed], skipInputValidation: true);
    }
}
