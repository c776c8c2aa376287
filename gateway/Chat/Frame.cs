using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;

namespace MedCor.Gateway.Chat;

/// <summary>Events of a call as <c>text/event-stream</c>.</summary>
internal static class Frame
{
    /// <summary>A sign of life that clients pass over.</summary>
    public static readonly byte[] Alive = ":\n\n"u8.ToArray();

    /// <summary>The number of the end of a call of which Redis no longer has how many pieces it had; behind any of them.</summary>
    public const long EndOfKept = int.MaxValue;

    /// <summary>A piece of the answer.</summary>
    public static byte[] Piece(long number, string text) => Write(number, "partial", new { Type = "partial", Text = text });

    /// <summary>The end of a call.</summary>
    /// <param name="number">None for the end of a stream whose call may go on: who comes back is to go on where they were.</param>
    /// <param name="answer">All pieces together.</param>
    public static byte[] End(long? number, CallState state, string answer, CallEnding? ending) => state switch
    {
        CallState.Finished => Write(number, "final", new { Type = "final", Text = answer }),
        CallState.Cancelled => Write(number, "cancelled", new { Type = "cancelled", (ending ?? CallEnding.Cancelled).Message }),
        _ => Write(number, "error", WithType("error", ending ?? CallEnding.Lost)),
    };

    private static byte[] Write(long? number, string name, object data) =>
        [.. number is { } n ? System.Text.Encoding.ASCII.GetBytes($"id: {n}\n") : [], .. System.Text.Encoding.ASCII.GetBytes($"event: {name}\ndata: "), .. JsonSerializer.SerializeToUtf8Bytes(data, Json.Options), .. "\n\n"u8];

    private static System.Text.Json.Nodes.JsonObject WithType(string type, CallEnding ending)
    {
        var data = JsonSerializer.SerializeToNode(ending, Json.Options)!.AsObject();
        data.Insert(0, "type", type);
        return data;
    }
}
