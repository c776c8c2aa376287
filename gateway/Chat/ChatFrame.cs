using System.Text.Json;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Gateway.LiveEvents;

namespace MedCor.Gateway.Chat;

/// <summary>Events of a call as <c>text/event-stream</c>.</summary>
internal static class ChatFrame
{
    /// <summary>A sign of life that clients pass over.</summary>
    public static readonly byte[] KeepAlive = ":\n\n"u8.ToArray();

    /// <summary>The number of the end of a call of which Redis no longer has how many pieces it had; behind any of them.</summary>
    public const long SavedRunEndId = int.MaxValue;

    /// <summary>So many characters go into a line of <see cref="LiveEvent.MaxLineLength"/>, whatever they are: one takes six bytes at most.</summary>
    private const int MaxTextPerLine = LiveEvent.MaxLineLength / 6 - 100;

    /// <summary>A piece of the answer. A long one comes as several events, of which the last has the number: who has it has them all.</summary>
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

    /// <summary>The end of a call.</summary>
    /// <param name="number">None for the end of a stream whose call may go on: who comes back is to go on where they were.</param>
    /// <param name="answer">All pieces together.</param>
    public static byte[] End(long? number, ChatRunState state, string answer, ChatRunEnd? ending) => state switch
    {
        ChatRunState.Finished => Final(number, answer),
        ChatRunState.Cancelled => Write(number, "cancelled", new { Type = "cancelled", (ending ?? ChatRunEnd.Cancelled).Message }),
        _ => Write(number, "error", WithType("error", ending ?? ChatRunEnd.Lost)),
    };

    /// <summary>All pieces together; none where that is too long for a line: whoever reads has them.</summary>
    private static byte[] Final(long? number, string answer)
    {
        // The longest of what may fit takes one byte for each character.
        var whole = answer.Length <= LiveEvent.MaxLineLength ? Write(number, "final", new { Type = "final", Text = answer }) : [];
        return whole.Length is > 0 and <= LiveEvent.MaxLineLength ? whole : Write(number, "final", new { Type = "final", Text = (string?)null, TextOmitted = true });
    }

    private static byte[] Write(long? number, string name, object data) =>
        [.. number is { } n ? System.Text.Encoding.ASCII.GetBytes($"id: {n}\n") : [], .. System.Text.Encoding.ASCII.GetBytes($"event: {name}\ndata: "), .. JsonSerializer.SerializeToUtf8Bytes(data, Json.Options), .. "\n\n"u8];

    private static System.Text.Json.Nodes.JsonObject WithType(string type, ChatRunEnd ending)
    {
        var data = JsonSerializer.SerializeToNode(ending, Json.Options)!.AsObject();
        data.Insert(0, "type", type);
        return data;
    }
}
