using System.Text.Json;

namespace MedCor.Gateway.Mcp;

/// <summary>Represents what the gateway reads of a JSON-RPC message before the protocol layer does. Only the values are checked that it needs.</summary>
internal sealed class McpMessage
{
    /// <summary>The members of <c>_meta</c> that belong to MedCor begin with this.</summary>
    internal const string MetaPrefix = "dev.medcor/";

    private const string IdempotencyKeyMember = MetaPrefix + "idempotencyKey";

    private McpMessage()
    {
    }

    /// <summary>Gets the ID as the client wrote it; empty for a notification.</summary>
    public ReadOnlyMemory<byte> Id { get; private set; }

    /// <summary>Gets the method; null for a response.</summary>
    public string? Method { get; private set; }

    /// <summary>Gets <c>params.name</c>: the tool or prompt.</summary>
    public string? Name { get; private set; }

    /// <summary>Gets <c>params.uri</c>: the resource.</summary>
    public string? Uri { get; private set; }

    /// <summary>Gets <c>params.arguments</c> as the client wrote it; empty when there are none.</summary>
    public ReadOnlyMemory<byte> Arguments { get; private set; }

    /// <summary>Gets the idempotency key in <c>_meta</c>; null when there is none.</summary>
    public string? IdempotencyKey { get; private set; }

    /// <summary>Reads a message.</summary>
    /// <param name="http">The request, which keeps the message: an error that follows carries its ID.</param>
    /// <exception cref="McpRejection">The message is not JSON, or no JSON-RPC message.</exception>
    public static McpMessage Read(HttpContext http, ReadOnlyMemory<byte> json)
    {
        var message = new McpMessage();
        http.Features.Set(message);
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray) throw Invalid("Batches are not part of MCP. Send one message per request.");
            if (reader.TokenType != JsonTokenType.StartObject) throw Invalid("The message must be an object.");
            message.ReadEnvelope(ref reader, json);
            // Nothing may follow.
            reader.Read();
            return message;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a text that is not valid Unicode.
            throw new McpRejection(StatusCodes.Status400BadRequest, McpErrorCodes.ParseError, "The body must be a well-formed JSON-RPC message in UTF-8.");
        }
    }

    private void ReadEnvelope(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json)
    {
        var (members, version, hasBadId) = (new HashSet<string>(), (string?)null, false);
        while (ReadName(ref reader, members, out var name))
            switch (name)
            {
                case "jsonrpc":
                    version = ReadText(ref reader);
                    break;
                case "id":
                    var isId = reader.TokenType == JsonTokenType.String || reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _);
                    var id = ReadRaw(ref reader, json);
                    if (isId) Id = id;
                    hasBadId = !isId;
                    break;
                case "method":
                    Method = ReadText(ref reader) ?? throw Invalid("method must be text.");
                    break;
                case "params":
                    if (reader.TokenType != JsonTokenType.StartObject) throw Invalid("params must be an object.");
                    ReadParams(ref reader, json);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        if (hasBadId) throw Invalid("id must be text or an integer.");
        if (version != "2.0") throw Invalid("jsonrpc must be \"2.0\".");
    }

    private void ReadParams(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json)
    {
        var members = new HashSet<string>();
        while (ReadName(ref reader, members, out var name))
            switch (name)
            {
                case "name":
                    Name = ReadText(ref reader);
                    break;
                case "uri":
                    Uri = ReadText(ref reader);
                    break;
                case "arguments" when reader.TokenType == JsonTokenType.StartObject:
                    Arguments = ReadRaw(ref reader, json);
                    break;
                case "_meta" when reader.TokenType == JsonTokenType.StartObject:
                    ReadMeta(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
    }

    private void ReadMeta(ref Utf8JsonReader reader)
    {
        var members = new HashSet<string>();
        while (ReadName(ref reader, members, out var name))
            if (name == IdempotencyKeyMember) IdempotencyKey = ReadText(ref reader) ?? "";
            else reader.Skip();
    }

    /// <summary>Moves to the value of the next member. Returns false at the end of the object.</summary>
    /// <param name="members">The names so far; the same name twice could mean one thing here and another thing later.</param>
    private static bool ReadName(ref Utf8JsonReader reader, HashSet<string> members, out string name)
    {
        name = "";
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject) return false;
        name = reader.GetString()!;
        if (!members.Add(name)) throw Invalid("A member of the message stands there twice.");
        reader.Read();
        return true;
    }

    /// <summary>Returns the current value; null when it is not a text.</summary>
    private static string? ReadText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetString();
        reader.Skip();
        return null;
    }

    private static ReadOnlyMemory<byte> ReadRaw(ref Utf8JsonReader reader, ReadOnlyMemory<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed];
    }

    private static McpRejection Invalid(string message) => new(StatusCodes.Status400BadRequest, McpErrorCodes.InvalidRequest, message);
}
