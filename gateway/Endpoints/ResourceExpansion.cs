using System.Text.Json;
using MedCor.Contracts;

namespace MedCor.Gateway.Endpoints;

/// <summary>Adds referenced entities to the entities of a response. The JSON is copied token by token, without a document in memory.</summary>
/// <param name="isList">Whether the response is a page of entities rather than one entity.</param>
internal sealed class ResourceExpansion(bool isList)
{
    /// <summary>Returns the ids that a reference has in the entities of a response.</summary>
    public HashSet<string> CollectIds(ReadOnlySpan<byte> response, ResourceReference reference)
    {
        var ids = new HashSet<string>();
        // The fields of an entity are at depth 1, in a page at depth 3, and those of a nested list two levels deeper.
        var depth = 1 + (isList ? 2 : 0) + (reference.List is null ? 0 : 2);
        var reader = new Utf8JsonReader(response);
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth && reader.ValueTextEquals(reference.Field) && reader.Read()
                && reader.TokenType == JsonTokenType.String)
                ids.Add(reader.GetString()!);
        return ids;
    }

    /// <summary>Returns the raw JSON of a page's entities, by id.</summary>
    public static IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> IndexById(ReadOnlyMemory<byte> page)
    {
        var found = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        var reader = new Utf8JsonReader(page.Span);
        var (start, id) = (0, "");
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.StartObject && reader.CurrentDepth == 2) start = (int)reader.TokenStartIndex;
            else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 2) found.Add(new(id, page[start..(int)reader.BytesConsumed]));
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 3 && reader.ValueTextEquals("id"u8) && reader.Read())
                id = reader.GetString()!;
        return found;
    }

    /// <summary>Writes the response with the referenced entities.</summary>
    /// <param name="referenced">The entities of each reference, by id. A missing entity is written as null.</param>
    /// <param name="fields">The fields of the entities to write, in addition to the expanded ones; null for all.</param>
    public void Write(ReadOnlySpan<byte> response, IReadOnlyList<ResourceReference> references,
        IReadOnlyList<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> referenced, IReadOnlySet<string>? fields, Utf8JsonWriter json)
    {
        var reader = new Utf8JsonReader(response);
        reader.Read();
        if (!isList)
        {
            WriteEntity(ref reader, response, references, referenced, fields, json);
            return;
        }
        json.WriteStartObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRows = reader.ValueTextEquals("results"u8);
            json.WritePropertyName(reader.GetString()!);
            reader.Read();
            if (isRows) WriteEntities(ref reader, response, references, referenced, fields, json);
            else Copy(ref reader, response, json);
        }
        json.WriteEndObject();
    }

    private static void WriteEntities(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> response, IReadOnlyList<ResourceReference> references,
        IReadOnlyList<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> referenced, IReadOnlySet<string>? fields, Utf8JsonWriter json)
    {
        json.WriteStartArray();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) WriteEntity(ref reader, response, references, referenced, fields, json);
        json.WriteEndArray();
    }

    private static void WriteEntity(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> response, IReadOnlyList<ResourceReference> references,
        IReadOnlyList<IReadOnlyDictionary<string, ReadOnlyMemory<byte>>> referenced, IReadOnlySet<string>? fields, Utf8JsonWriter json)
    {
        var ids = new string?[references.Count];
        json.WriteStartObject();
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
                json.WritePropertyName(name);
                WriteEntities(ref reader, response, [references[inner] with { List = null }], [referenced[inner]], null, json);
            }
            else if (fields?.Contains(name) == false)
            {
                reader.Skip();
            }
            else
            {
                json.WritePropertyName(name);
                Copy(ref reader, response, json);
            }
        }
        for (var i = 0; i < references.Count; i++)
        {
            if (references[i].List is not null) continue;
            json.WritePropertyName(references[i].Expanded);
            if (ids[i] is { } id && referenced[i].TryGetValue(id, out var entity)) json.WriteRawValue(entity.Span, skipInputValidation: true);
            else json.WriteNullValue();
        }
        json.WriteEndObject();
    }

    private static void Copy(ref Utf8JsonReader reader, ReadOnlySpan<byte> response, Utf8JsonWriter json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        json.WriteRawValue(response[start..(int)reader.BytesConsumed], skipInputValidation: true);
    }
}
