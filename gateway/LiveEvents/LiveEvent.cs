using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.LiveEvents;

/// <summary>One event as listeners get it, written once for all of them.</summary>
internal sealed class LiveEvent
{
    public const string ResourceUpdateEvent = "resource_update";
    public const string ToolResponseEvent = "tool_response";
    public const string ErrorEvent = "error_event";
    public const string HeartbeatEvent = "heartbeat";
    public const string AuthRefreshEvent = "auth_refresh";

    /// <summary>
    /// The longest line of a stream, in bytes, with its end: clients that read line by line take no longer ones (aiohttp's default). What would be longer is told without its content.
    /// </summary>
    public const int MaxLineLength = 128 * 1024;

    private const string DataOmitted = "data_omitted";
    private const int MaxErrorLength = 1000;

    private static readonly Audience EveryoneAudience = new(Callers.Everyone);

    /// <param name="name">The event's name, which its data begins with as <c>type</c> too.</param>
    /// <param name="resource">The resource by which listeners narrow; empty when they cannot narrow it away.</param>
    /// <param name="audience">Who may see it.</param>
    /// <param name="data">Its data, one line of JSON.</param>
    public LiveEvent(string name, string resource, Audience audience, ReadOnlySpan<byte> data)
    {
        (Name, Resource, Audience) = (name, resource, audience);
        byte[] head = [.. "event: "u8, .. Encoding.ASCII.GetBytes(name), .. "\ndata: "u8];
        Frame = (byte[])[.. head, .. data, .. "\n\n"u8];
        Data = Frame[head.Length..^2];
    }

    public string Name { get; }
    public string Resource { get; }
    public Audience Audience { get; }

    /// <summary>The data alone.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>As in <c>text/event-stream</c>, save for the id, which is each listener's own.</summary>
    public ReadOnlyMemory<byte> Frame { get; }

    /// <summary>
    /// What a change looks like to listeners: the update of the resource, and for some the entity itself under a name of its own. Of an entity that is too long only the id is
    /// told, beside <c>data_omitted</c>.
    /// </summary>
    public static IReadOnlyList<LiveEvent> FromIntegrationEvent(IntegrationEvent integrationEvent, LiveUpdate live)
    {
        var entity = JsonSerializer.SerializeToNode(live.Data, live.Data.GetType(), Json.Options)!.AsObject();
        var update = Update(entity, isWhole: true);
        if (!FitsLine(update)) update = Update(KeepIdOnly(entity), isWhole: false);
        LiveEvent told = new(ResourceUpdateEvent, live.Resource, live.Audience, update);
        return live.AdditionalEventName is { } name ? [told, new(name, live.Resource, live.Audience, WithEntityName(entity, name))] : [told];

        byte[] Update(JsonObject data, bool isWhole)
        {
            var node = new JsonObject { ["type"] = ResourceUpdateEvent, ["resource"] = live.Resource, ["action"] = live.Action.ToString().ToLowerInvariant(), ["data"] = data.DeepClone() };
            if (!isWhole) node[DataOmitted] = true;
            node["timestamp"] = JsonSerializer.SerializeToNode(integrationEvent.OccurredAt, Json.Options);
            return JsonSerializer.SerializeToUtf8Bytes(node, Json.Options);
        }
    }

    private static byte[] WithEntityName(JsonObject entity, string name)
    {
        var whole = entity.DeepClone().AsObject();
        whole.Insert(0, "type", name);
        var data = JsonSerializer.SerializeToUtf8Bytes(whole, Json.Options);
        if (FitsLine(data)) return data;
        var cut = KeepIdOnly(entity);
        cut.Insert(0, "type", name);
        cut[DataOmitted] = true;
        return JsonSerializer.SerializeToUtf8Bytes(cut, Json.Options);
    }

    /// <summary>What it is found by: its own id or, where it has none, those of what it belongs to.</summary>
    private static JsonObject KeepIdOnly(JsonObject entity) => entity["id"] is { } id
        ? new() { ["id"] = id.DeepClone() }
        : new(entity.Where(field => field.Key.EndsWith("_id", StringComparison.Ordinal)).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));

    /// <summary>Whether data goes into a line.</summary>
    private static bool FitsLine(ReadOnlySpan<byte> data) => "data: \n"u8.Length + data.Length <= MaxLineLength;

    /// <summary>What a tool answered somebody, for them alone.</summary>
    /// <param name="result">One line of JSON, written as it is; none where it is not to be told. One that is too long is not told either, and <c>result_omitted</c> says so.</param>
    public static LiveEvent ForToolResponse(Guid user, string tool, ReadOnlySpan<byte> result, string requestId, DateTimeOffset now)
    {
        var data = result.IsEmpty || result.Length > MaxLineLength ? ForToolResponse(tool, [], requestId, now) : ForToolResponse(tool, result, requestId, now);
        if (!FitsLine(data)) data = ForToolResponse(tool, [], requestId, now);
        return new(ToolResponseEvent, "", new(Callers.None, user), data);
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

    /// <summary>The sign of life of a quiet connection.</summary>
    public static LiveEvent Heartbeat(DateTimeOffset now) => Create(HeartbeatEvent, EveryoneAudience, new { Type = HeartbeatEvent, Timestamp = now });

    /// <summary>Gives a listener the token that takes the place of theirs.</summary>
    public static LiveEvent TokenRenewed(Guid user, string token, DateTimeOffset expiresAt) =>
        Create(AuthRefreshEvent, new(Callers.None, user), new { Type = AuthRefreshEvent, NewToken = token, ExpiresAt = expiresAt });

    /// <summary>Tells listeners that what they know may have gaps which nobody can fill from here.</summary>
    public static LiveEvent Reload(DateTimeOffset now) =>
        ForError(EveryoneAudience, "Events may have been missed. Load anew what you show.", new() { ["reload"] = true }, now);

    /// <summary>Tells of something that went wrong; where that is too long to tell, of what.</summary>
    /// <param name="requiredDetails">Of the details, what is told in any case.</param>
    public static LiveEvent ForError(Audience audience, string error, JsonObject details, DateTimeOffset now, params ReadOnlySpan<string> requiredDetails)
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(new { Type = ErrorEvent, Error = error, Details = details, Timestamp = now }, Json.Options);
        if (FitsLine(data)) return new(ErrorEvent, "", audience, data);
        JsonObject cut = new() { ["details_omitted"] = true };
        foreach (var name in requiredDetails) cut[name] = details[name]?.DeepClone();
        return Create(ErrorEvent, audience, new { Type = ErrorEvent, Error = error.Length <= MaxErrorLength ? error : error[..MaxErrorLength] + "…", Details = cut, Timestamp = now });
    }

    private static LiveEvent Create<T>(string name, Audience audience, T data) => new(name, "", audience, JsonSerializer.SerializeToUtf8Bytes(data, Json.Options));
}
