using System.Diagnostics;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json.Nodes;

namespace MedCor.Load;

/// <summary>Represents an answer as one reader received it.</summary>
/// <param name="SentAt">The timestamp at which the question was sent.</param>
/// <param name="ReceivedAt">The timestamps at which the tokens arrived.</param>
/// <param name="Text">The concatenated tokens.</param>
/// <param name="Final">The whole answer, which MedCor repeats at the end and the model does not.</param>
internal sealed record ChatTranscript(string Question, long SentAt, IReadOnlyList<long> ReceivedAt, string Text, string? Final)
{
    /// <summary>Gets the time from the question to the first token.</summary>
    public TimeSpan TimeToFirstToken => Stopwatch.GetElapsedTime(SentAt, ReceivedAt[0]);

    /// <summary>Reads the model's own stream.</summary>
    public static Task<ChatTranscript> ReadFromModel(HttpClient http, HttpRequestMessage request, string question, long askedAt) =>
        Read(http, request, question, askedAt,
            told => told.Data == "[DONE]" ? new(null, null) : new((string?)JsonNode.Parse(told.Data)!["choices"]![0]!["delta"]!["content"], null));

    /// <summary>Reads MedCor's stream.</summary>
    public static Task<ChatTranscript> ReadFromMedCor(HttpClient http, HttpRequestMessage request, string question, long askedAt) =>
        Read(http, request, question, askedAt, told =>
        {
            var text = (string?)JsonNode.Parse(told.Data)!["text"] ?? "";
            return told.EventType == "partial" ? new(text, null) : new(null, text);
        });

    private static async Task<ChatTranscript> Read(HttpClient http, HttpRequestMessage request, string question, long askedAt,
        Func<SseItem<string>, Piece> understand)
    {
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new MeasurementException($"Reading was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        var (readAt, text, final) = (new List<long>(), new StringBuilder(), (string?)null);
        await foreach (var told in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            var now = Stopwatch.GetTimestamp();
            var piece = understand(told);
            final ??= piece.Final;
            if (piece.Token is null) continue;
            readAt.Add(now);
            text.Append(piece.Token);
        }
        return new(question, askedAt, readAt, text.ToString(), final);
    }

    private readonly record struct Piece(string? Token, string? Final);
}
