using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.Events;

/// <summary>One event as listeners get it, written once for all of them.</summary>
internal sealed class LiveEvent
{
    public const string ResourceUpdate = "resource_update";
    public const string ToolResponse = "tool_response";
    public const string ErrorEvent = "error_event";
    public const string HeartbeatEvent = "heartbeat";
    public const string AuthRefresh = "auth_refresh";

    private static readonly Audience ForEveryone = new(Callers.Everyone);

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

    /// <summary>What a change looks like to listeners: the update of the resource, and for some the entity itself under a name of its own.</summary>
    public static IReadOnlyList<LiveEvent> From(IntegrationEvent happened, LiveUpdate live)
    {
        var data = JsonSerializer.SerializeToNode(live.Data, live.Data.GetType(), Json.Options)!;
        var update = new LiveEvent(ResourceUpdate, live.Resource, live.Audience, JsonSerializer.SerializeToUtf8Bytes(new
        {
            Type = ResourceUpdate,
            live.Resource,
            Action = live.Action.ToString().ToLowerInvariant(),
            Data = data,
            Timestamp = happened.OccurredAt,
        }, Json.Options));
        if (live.AlsoAs is not { } name) return [update];

        var entity = data.AsObject();
        entity.Insert(0, "type", name);
        return [update, new LiveEvent(name, live.Resource, live.Audience, JsonSerializer.SerializeToUtf8Bytes(entity, Json.Options))];
    }

    /// <summary>What a tool answered somebody, for them alone.</summary>
    /// <param name="result">One line of JSON, written as it is.</param>
    public static LiveEvent Response(Guid user, string tool, ReadOnlySpan<byte> result, string requestId, DateTimeOffset now)
    {
        var data = new ArrayBufferWriter<byte>(result.Length + 256);
        using (var json = new Utf8JsonWriter(data, new() { Encoder = Json.Options.Encoder, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, ToolResponse);
            json.WriteString("tool"u8, tool);
            json.WritePropertyName("result"u8);
            json.WriteRawValue(result, skipInputValidation: true);
            json.WriteString("request_id"u8, requestId);
            json.WritePropertyName("timestamp"u8);
            JsonSerializer.Serialize(json, now, Json.Options);
            json.WriteEndObject();
        }
        return new(ToolResponse, "", new(Callers.None, user), data.WrittenSpan);
    }

    /// <summary>The sign of life of a quiet connection.</summary>
    public static LiveEvent Heartbeat(DateTimeOffset now) => Of(HeartbeatEvent, ForEveryone, new { Type = HeartbeatEvent, Timestamp = now });

    /// <summary>Gives a listener the token that takes the place of theirs.</summary>
    public static LiveEvent Renewed(Guid user, string token, DateTimeOffset expiresAt) =>
        Of(AuthRefresh, new(Callers.None, user), new { Type = AuthRefresh, NewToken = token, ExpiresAt = expiresAt });

    /// <summary>Tells listeners that what they know may have gaps which nobody can fill from here.</summary>
    public static LiveEvent Reload(DateTimeOffset now) =>
        Error(ForEveryone, "Events may have been missed. Load anew what you show.", new() { ["reload"] = true }, now);

    /// <summary>Tells of something that went wrong.</summary>
    public static LiveEvent Error(Audience audience, string error, JsonObject details, DateTimeOffset now) =>
        Of(ErrorEvent, audience, new { Type = ErrorEvent, Error = error, Details = details, Timestamp = now });

    private static LiveEvent Of<T>(string name, Audience audience, T data) => new(name, "", audience, JsonSerializer.SerializeToUtf8Bytes(data, Json.Options));
}
