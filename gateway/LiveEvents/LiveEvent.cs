using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Represents a live event, serialized once for all subscribers.</summary>
internal sealed class LiveEvent
{
    public const string ResourceUpdateEvent = "resource_update";
    public const string ToolResponseEvent = "tool_response";
    public const string ErrorEvent = "error_event";
    public const string HeartbeatEvent = "heartbeat";
    public const string AuthRefreshEvent = "auth_refresh";

    /// <summary>
    /// The maximum length of a line of a stream in bytes, including its end: clients that read line by line accept no longer lines (aiohttp's default). An
    /// event that would be longer is sent without its content.
    /// </summary>
    public const int MaxLineLength = 128 * 1024;

    private const string DataOmitted = "data_omitted";
    private const int MaxErrorLength = 1000;

    private static readonly Audience EveryoneAudience = new(Callers.Everyone);

    /// <param name="name">The name of the event, which its data also contains as its first property, <c>type</c>.</param>
    /// <param name="resource">The resource that subscribers can filter by; empty for an event that cannot be filtered out.</param>
    /// <param name="audience">The callers who may see the event.</param>
    /// <param name="data">The data, one line of JSON.</param>
    /// <param name="tool">The name of the tool whose response the event contains; null when it contains none.</param>
    public LiveEvent(string name, string resource, Audience audience, ReadOnlySpan<byte> data, string? tool = null)
    {
        (Name, Resource, Audience, Tool) = (name, resource, audience, tool);
        // Another version may have written the name of a resource or tool that this one does not know.
        Scope = resource.Length > 0 ? LiveResources.Scopes.GetValueOrDefault(resource, Scope.Unknown)
            : tool is null ? null
            : ToolCatalogue.All.GetValueOrDefault(tool)?.Scope ?? Scope.Unknown;
        byte[] head = [.. "event: "u8, .. Encoding.ASCII.GetBytes(name), .. "\ndata: "u8];
        Frame = (byte[])[.. head, .. data, .. "\n\n"u8];
        Data = Frame[head.Length..^2];
    }

    public string Name { get; }
    public string Resource { get; }
    public Audience Audience { get; }

    /// <summary>Gets the name of the tool whose response the event contains; null when it contains none.</summary>
    public string? Tool { get; }

    /// <summary>Gets the scope that a token with scopes needs to receive the event; null when it needs none.</summary>
    public Scope? Scope { get; }

    /// <summary>Gets the data.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Gets the event in <c>text/event-stream</c> format, without the id, which differs by subscriber.</summary>
    public ReadOnlyMemory<byte> Frame { get; }

    /// <summary>
    /// Creates the live events of a change: the update of the resource and, for some resources, an event with its own name that contains the entity itself.
    /// If an entity is too long, the event contains only its id and <c>data_omitted</c>.
    /// </summary>
    public static IReadOnlyList<LiveEvent> FromIntegrationEvent(IntegrationEvent integrationEvent, LiveUpdate live)
    {
        var resource = LiveResources.GetName(integrationEvent);
        var entity = JsonSerializer.SerializeToNode(live.Data, live.Data.GetType(), Json.Options)!.AsObject();
        var update = Update(entity, isWhole: true);
        if (!FitsLine(update)) update = Update(KeepIdOnly(entity), isWhole: false);
        LiveEvent updateEvent = new(ResourceUpdateEvent, resource, live.Audience, update);
        return NamedLiveEvents.FindName(integrationEvent) is { } name
            ? [updateEvent, new(name, resource, live.Audience, WithEntityName(entity, name))]
            : [updateEvent];

        byte[] Update(JsonObject data, bool isWhole)
        {
            var node = new JsonObject
            {
                ["type"] = ResourceUpdateEvent, ["resource"] = resource, ["action"] = live.Action.ToString().ToLowerInvariant(), ["data"] = data.DeepClone()
            };
            if (!isWhole) node[DataOmitted] = true;
            node["timestamp"] = JsonSerializer.SerializeToNode(integrationEvent.OccurredAt, Json.Options);
            return JsonSerializer.SerializeToUtf8Bytes(node, Json.Options);
        }
    }

    private static byte[] WithEntityName(JsonObject entity, string name)
    {
        var withName = entity.DeepClone().AsObject();
        withName.Insert(0, "type", name);
        var data = JsonSerializer.SerializeToUtf8Bytes(withName, Json.Options);
        if (FitsLine(data)) return data;
        var reduced = KeepIdOnly(entity);
        reduced.Insert(0, "type", name);
        reduced[DataOmitted] = true;
        return JsonSerializer.SerializeToUtf8Bytes(reduced, Json.Options);
    }

    /// <summary>Returns an object with only the entity's id or, if it has none, with the ids of the entities it belongs to.</summary>
    private static JsonObject KeepIdOnly(JsonObject entity) => entity["id"] is { } id
        ? new() { ["id"] = id.DeepClone() }
        : new(entity.Where(field => field.Key.EndsWith("_id", StringComparison.Ordinal))
            .Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));

    /// <summary>Returns whether data fits into a line.</summary>
    private static bool FitsLine(ReadOnlySpan<byte> data) => "data: \n"u8.Length + data.Length <= MaxLineLength;

    /// <summary>Creates an event with a tool's response to a user, which only this user may see.</summary>
    /// <param name="result">
    /// The result, one line of JSON, written unchanged; empty to omit the result. A result that is too long is omitted as well, and <c>result_omitted</c>
    /// is set.
    /// </param>
    public static LiveEvent ForToolResponse(Guid user, string tool, ReadOnlySpan<byte> result, string requestId, DateTimeOffset now)
    {
        var data = result.IsEmpty || result.Length > MaxLineLength ? ForToolResponse(tool, [], requestId, now) : ForToolResponse(tool, result, requestId, now);
        if (!FitsLine(data)) data = ForToolResponse(tool, [], requestId, now);
        return new(ToolResponseEvent, "", new(Callers.None, user), data, tool);
    }

    private static ReadOnlySpan<byte> ForToolResponse(string tool, ReadOnlySpan<byte> result, string requestId, DateTimeOffset now)
    {
        var data = new ArrayBufferWriter<byte>(result.Length + 256);
        using (var json = new Utf8JsonWriter(data, new() { Encoder = Json.Options.Encoder, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, ToolResponseEvent);
            json.WriteString("tool"u8, tool);
            json.WritePropertyName("result"u8);
            if (result.IsEmpty)
            {
                json.WriteNullValue();
                json.WriteBoolean("result_omitted"u8, true);
            }
            else
            {
                json.WriteRawValue(result, skipInputValidation: true);
            }
            json.WriteString("request_id"u8, requestId);
            json.WritePropertyName("timestamp"u8);
            JsonSerializer.Serialize(json, now, Json.Options);
            json.WriteEndObject();
        }
        return data.WrittenSpan;
    }

    /// <summary>Creates a heartbeat for a connection without other events.</summary>
    public static LiveEvent Heartbeat(DateTimeOffset now) => Create(HeartbeatEvent, EveryoneAudience, new { Type = HeartbeatEvent, Timestamp = now });

    /// <summary>Creates an event with the token that replaces the current token of a subscriber.</summary>
    public static LiveEvent TokenRenewed(Guid user, string token, DateTimeOffset expiresAt) =>
        Create(AuthRefreshEvent, new(Callers.None, user), new { Type = AuthRefreshEvent, NewToken = token, ExpiresAt = expiresAt });

    /// <summary>Creates an event that tells clients to reload, because events may be missing that the gateway cannot supply.</summary>
    public static LiveEvent Reload(DateTimeOffset now) =>
        ForError(EveryoneAudience, "Events may have been missed. Reload the displayed data.", new() { ["reload"] = true }, now, tool: null);

    /// <summary>Creates an event with a tool's error response to a user, which only this user may see.</summary>
    /// <param name="requiredDetails">The names of the details that are never omitted.</param>
    public static LiveEvent ForToolError(Guid user, string tool, string error, JsonObject details, DateTimeOffset now,
        params ReadOnlySpan<string> requiredDetails) => ForError(new(Callers.None, user), error, details, now, tool, requiredDetails);

    /// <summary>Creates an error event. If it is too long, the error text is truncated and most details are omitted.</summary>
    private static LiveEvent ForError(Audience audience, string error, JsonObject details, DateTimeOffset now, string? tool,
        params ReadOnlySpan<string> requiredDetails)
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(new { Type = ErrorEvent, Error = error, Details = details, Timestamp = now }, Json.Options);
        if (FitsLine(data)) return new(ErrorEvent, "", audience, data, tool);
        JsonObject reduced = new() { ["details_omitted"] = true };
        foreach (var name in requiredDetails) reduced[name] = details[name]?.DeepClone();
        return Create(ErrorEvent, audience,
            new { Type = ErrorEvent, Error = error.Length <= MaxErrorLength ? error : error[..MaxErrorLength] + "…", Details = reduced, Timestamp = now },
            tool);
    }

    private static LiveEvent Create<T>(string name, Audience audience, T data, string? tool = null) =>
        new(name, "", audience, JsonSerializer.SerializeToUtf8Bytes(data, Json.Options), tool);
}
