using System.Text.Json;

namespace MedCor.Gateway.Mcp;

/// <summary>Represents what the gateway reads of a JSON-RPC message before the protocol layer does. Only the values are checked that it needs.</summary>
internal sealed class McpMessage
{
    /// <summary>The members of <c>_meta</c> that belong to MedCor begin with this.</summary>
    internal const string MetaPrefix = "dev.medcor/";

    /// <summary>The method by which a client subscribes to changes of resources.</summary>
    internal const string SubscribeMethod = "subscriptions/listen";

    private const string IdempotencyKeyMember = MetaPrefix + "idempotencyKey";

    private const string VersionMember = "io.modelcontextprotocol/protocolVersion";

    private const string TraceMember = "traceparent";

    private static readonly string[] ReferenceMembers = ["type"];
    private static readonly string[] ArgumentMembers = ["name", "value"];

    private bool _isNameText = true;
    private bool _isUriText = true;
    private bool _areArgumentsObject = true;
    private bool _hasReference;
    private bool _hasArgument;

    private McpMessage()
    {
    }

    /// <summary>Gets whether the message is of a version without a handshake: by the header, by <c>_meta</c> or by the method.</summary>
    public bool IsModern { get; private set; }

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

    /// <summary>Gets the addresses in <c>params.notifications.resourceSubscriptions</c>; null when that is no list of text.</summary>
    public IReadOnlyList<string>? Watched { get; private set; }

    /// <summary>Gets whether the name or the address is there and is no text, which the protocol layer cannot compare with its header.</summary>
    public bool HasMistypedTarget => !_isNameText || !_isUriText;

    /// <summary>Gets the idempotency key in <c>_meta</c>; null when there is none.</summary>
    public string? IdempotencyKey { get; private set; }

    /// <summary>Gets the trace in <c>_meta</c> to which the client says that the message belongs; null when it says nothing.</summary>
    public string? TraceParent { get; private set; }

    /// <summary>Returns whether a request that has no message yet is of a version without a handshake.</summary>
    public static bool IsModernRequest(HttpRequest request) => IsModernVersion(request.Headers["MCP-Protocol-Version"].ToString());

    /// <summary>Returns whether a version of the protocol is without a handshake.</summary>
    public static bool IsModernVersion(string? version) => string.CompareOrdinal(version, ConfirmationRequests.FirstVersion) >= 0;

    /// <summary>
    /// Returns what is wrong with the parameters of a method; null when nothing is. Only those are checked without which a handler or a check would fail.
    /// </summary>
    public string? FindWrongParameter() => Method switch
    {
        "tools/call" or "prompts/get" when Name is null => "name must be text.",
        "tools/call" or "prompts/get" when !_areArgumentsObject => "arguments must be an object.",
        "resources/read" when Uri is null => "uri must be text.",
        "completion/complete" when !_hasReference || !_hasArgument =>
            "ref must name a prompt or a resource template, and argument must have a name and a value, which are text.",
        SubscribeMethod when Watched is null => "notifications must be an object, and its resourceSubscriptions a list of text.",
        _ => null,
    };

    /// <summary>Reads a message.</summary>
    /// <param name="http">The request, which keeps the message: an error that follows carries its ID.</param>
    /// <exception cref="McpRejection">The message is not JSON, or no JSON-RPC message.</exception>
    public static McpMessage Read(HttpContext http, ReadOnlyMemory<byte> json)
    {
        var message = new McpMessage { IsModern = IsModernRequest(http.Request) };
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
        catch (McpRejection)
        {
            if (message.Id.IsEmpty) message.Id = FindId(json);
            throw;
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
                    var isId = IsId(ref reader);
                    var id = ReadRaw(ref reader, json);
                    if (isId) Id = id;
                    hasBadId = !isId;
                    break;
                case "method":
                    Method = ReadText(ref reader) ?? throw Invalid("method must be text.");
                    IsModern |= Method == "server/discover";
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
                    _isNameText = Name is not null;
                    break;
                case "uri":
                    Uri = ReadText(ref reader);
                    _isUriText = Uri is not null;
                    break;
                case "arguments" when reader.TokenType == JsonTokenType.StartObject:
                    Arguments = ReadRaw(ref reader, json);
                    break;
                case "arguments":
                    _areArgumentsObject = reader.TokenType == JsonTokenType.Null;
                    reader.Skip();
                    break;
                case "ref":
                    _hasReference = HasTexts(ref reader, ReferenceMembers);
                    break;
                case "argument":
                    _hasArgument = HasTexts(ref reader, ArgumentMembers);
                    break;
                case "notifications":
                    Watched = ReadWatched(ref reader);
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
            else if (name == VersionMember) IsModern |= IsModernVersion(ReadText(ref reader));
            else if (name == TraceMember) TraceParent = ReadText(ref reader);
            else reader.Skip();
    }

    private static List<string>? ReadWatched(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var (members, watched, isValid) = (new HashSet<string>(), new List<string>(), true);
        while (ReadName(ref reader, members, out var name))
            if (name == "resourceSubscriptions" && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    if (ReadText(ref reader) is { } uri) watched.Add(uri);
                    else isValid = false;
            }
            else
            {
                isValid &= name != "resourceSubscriptions" || reader.TokenType == JsonTokenType.Null;
                reader.Skip();
            }
        return isValid ? watched : null;
    }

    /// <summary>Returns whether the current value is an object in which the given members are text.</summary>
    private static bool HasTexts(ref Utf8JsonReader reader, string[] names)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }
        var (members, found) = (new HashSet<string>(), 0);
        while (ReadName(ref reader, members, out var name))
        {
            if (reader.TokenType == JsonTokenType.String && Array.IndexOf(names, name) >= 0) found++;
            reader.Skip();
        }
        return found == names.Length;
    }

    /// <summary>Returns the ID of a message that is refused before it has been read to its end: clients write the ID anywhere.</summary>
    private static ReadOnlyMemory<byte> FindId(ReadOnlyMemory<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return default;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isMember = reader.ValueTextEquals("id"u8);
                reader.Read();
                if (isMember && IsId(ref reader)) return ReadRaw(ref reader, json);
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What follows the mistake is no JSON: the ID cannot be read.
        }
        return default;
    }

    private static bool IsId(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String || reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out _);

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
