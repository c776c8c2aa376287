using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;

namespace MedCor.Gateway.Events;

/// <summary>One event as listeners get it, written once for all of them.</summary>
internal sealed class LiveEvent
{
    /// <param name="name">The event's name, which its data carries as <c>type</c> too.</param>
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
        var update = new LiveEvent("resource_update", live.Resource, live.Audience, JsonSerializer.SerializeToUtf8Bytes(new
        {
            Type = "resource_update",
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

    /// <summary>The sign of life of a quiet connection.</summary>
    public static LiveEvent Heartbeat(DateTimeOffset now) =>
        new("heartbeat", "", ForEveryone, JsonSerializer.SerializeToUtf8Bytes(new { Type = "heartbeat", Timestamp = now }, Json.Options));

    /// <summary>Tells listeners of something that concerns the stream itself.</summary>
    public static LiveEvent Error(string error, JsonObject details, DateTimeOffset now) =>
        new("error_event", "", ForEveryone, JsonSerializer.SerializeToUtf8Bytes(new { Type = "error_event", Error = error, Details = details, Timestamp = now }, Json.Options));

    private static readonly Audience ForEveryone = new(Callers.Everyone);
}

/// <summary>A place in a stream, as Redis writes it: milliseconds and a number within them.</summary>
internal readonly record struct StreamId(long Milliseconds, long Number) : IComparable<StreamId>
{
    public static StreamId Parse(string text)
    {
        var dash = text.IndexOf('-');
        return new(long.Parse(text.AsSpan(0, dash), CultureInfo.InvariantCulture), long.Parse(text.AsSpan(dash + 1), CultureInfo.InvariantCulture));
    }

    public int CompareTo(StreamId other) =>
        Milliseconds != other.Milliseconds ? Milliseconds.CompareTo(other.Milliseconds) : Number.CompareTo(other.Number);

    public static bool operator <(StreamId a, StreamId b) => a.CompareTo(b) < 0;
    public static bool operator >(StreamId a, StreamId b) => a.CompareTo(b) > 0;
    public static bool operator <=(StreamId a, StreamId b) => a.CompareTo(b) <= 0;
    public static bool operator >=(StreamId a, StreamId b) => a.CompareTo(b) >= 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Milliseconds}-{Number}");
}
