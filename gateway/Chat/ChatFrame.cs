using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.LiveEvents;

namespace MedCor.Gateway.Chat;

/// <summary>Formats the events of a call as <c>text/event-stream</c> frames.</summary>
internal static class ChatFrame
{
    /// <summary>A keep-alive comment, which clients ignore.</summary>
    public static readonly byte[] KeepAlive = ":\n\n"u8.ToArray();

    /// <summary>
    /// The event id of the end of a call that Redis no longer holds, when the number of its events is unknown. It is greater than every event number.
    /// </summary>
    public const long SavedRunEndId = int.MaxValue;

    /// <summary>
    /// The number of characters that always fit into a line of <see cref="LiveEvent.MaxLineLength"/> bytes, since a character takes six bytes at most.
    /// </summary>
    private const int MaxTextPerLine = LiveEvent.MaxLineLength / 6 - 100;

    /// <summary>
    /// Formats a piece of the answer. A long piece becomes several events, of which only the last has the event id: a client that has this id has them all.
    /// </summary>
    public static byte[] Partial(long number, string text)
    {
        if (text.Length <= MaxTextPerLine) return Part(number, text);
        var parts = new List<byte>();
        for (var start = 0; start < text.Length;)
        {
            var end = Math.Min(start + MaxTextPerLine, text.Length);
            if (end < text.Length && char.IsHighSurrogate(text[end - 1])) end--;
            parts.AddRange(Part(end == text.Length ? number : null, text[start..end]));
            start = end;
        }
        return [.. parts];

        static byte[] Part(long? number, string text) => Write(number, "partial", new { Type = "partial", Text = text });
    }

    /// <summary>Formats what the model does by tools, under the name that its <c>type</c> is.</summary>
    public static byte[] Data(long number, string json)
    {
        var data = JsonNode.Parse(json)!;
        return Write(number, (string)data["type"]!, data);
    }

    /// <summary>Formats the end of a call.</summary>
    /// <param name="number">
    /// The event id; null for the end of a stream whose call may still be running, so that a reconnecting client resumes where it was.
    /// </param>
    /// <param name="answer">The whole text of the answer.</param>
    public static byte[] End(long? number, ChatRunState state, string answer, ChatRunEnd? ending) => state switch
    {
        ChatRunState.Finished => Final(number, answer),
        ChatRunState.Cancelled => Write(number, "cancelled", new { Type = "cancelled", (ending ?? ChatRunEnd.Cancelled).Message }),
        _ => Write(number, "error", WithType("error", ending ?? ChatRunEnd.Lost)),
    };

    /// <summary>
    /// Formats the final event with the whole answer, or without it when it is too long for a line: the client has already received all pieces.
    /// </summary>
    private static byte[] Final(long? number, string answer)
    {
        // A character takes at least one byte, so a longer answer cannot fit.
        var whole = answer.Length <= LiveEvent.MaxLineLength ? Write(number, "final", new { Type = "final", Text = answer }) : [];
        return whole.Length is > 0 and <= LiveEvent.MaxLineLength
            ? whole
            : Write(number, "final", new { Type = "final", Text = (string?)null, TextOmitted = true });
    }

    private static byte[] Write(long? number, string name, object data) =>
        [.. number is { } n ? System.Text.Encoding.ASCII.GetBytes($"id: {n}\n") : [], .. System.Text.Encoding.ASCII.GetBytes($"event: {name}\ndata: "),
            .. JsonSerializer.SerializeToUtf8Bytes(data, Json.Options), .. "\n\n"u8];

    private static JsonObject WithType(string type, ChatRunEnd ending)
    {
        var data = JsonSerializer.SerializeToNode(ending, Json.Options)!.AsObject();
        data.Insert(0, "type", type);
        return data;
    }
}
