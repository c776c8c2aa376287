using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using MedCor.Gateway.Limits;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;

namespace MedCor.Gateway.Surfaces;

/// <summary>
/// <c>POST /api/mcp/batch {requests: [{tool, params, idempotency_key?}, …]}</c>: up to a hundred calls, answered with an array in their order, each
/// <c>{result}</c> or <c>{error}</c>. What is wrong with one call is its own error and stops no other; only where the calls cannot be told apart is the whole refused.
/// </summary>
internal static class Batch
{
    private const int Most = 100;

    /// <summary>Calls that are under way at once, and so the answers that are in memory at once: a call begins when the one so many places before it is written.</summary>
    private const int AtOnce = 10;

    private const int FlushAt = 64 * 1024;

    public static void MapBatch(this IEndpointRouteBuilder app)
    {
        var services = app.ServiceProvider;
        var (entrance, door, clock) = (services.GetRequiredService<Entrance>(), services.GetRequiredService<Door>(), services.GetRequiredService<TimeProvider>());
        app.MapPost("/api/mcp/batch", async http =>
        {
            var visitor = await entrance.Visit(http, "batch");
            if (http.Request.Headers.ContainsKey(IdempotencyKey.Header)) throw new Invalid(IdempotencyKey.Header, "belongs to a single call: give each of the requests an idempotency_key of its own");
            using var body = await RequestBody.ReadJson(http);
            var items = Split(body.Bytes, Math.Min(Most, entrance.MostCalls));
            await entrance.Count(http, visitor.Caller, items.Count - 1);

            http.Response.ContentType = "application/json";
            await Write(http.Response.BodyWriter, items, new Calls(door, clock, http, visitor));
        });
    }

    private static async Task Write(PipeWriter answer, List<ReadOnlySequence<byte>> items, Calls calls)
    {
        var running = new Queue<Task<Outcome>>(AtOnce);
        try
        {
            answer.Write("["u8);
            for (var (begun, written) = (0, 0); written < items.Count; written++)
            {
                for (; begun < items.Count && running.Count < AtOnce; begun++) running.Enqueue(calls.Begin(items[begun]));
                if (written > 0) answer.Write(","u8);
                using var outcome = await running.Dequeue();
                await outcome.WriteTo(answer, calls.Http);
                if (answer.UnflushedBytes > FlushAt) await ToolAnswer.Flush(calls.Http);
            }
            answer.Write("]"u8);
            await ToolAnswer.Flush(calls.Http);
        }
        finally
        {
            // Whoever hung up has cancelled them. They read from the request's body, so they end before it is given back.
            foreach (var left in running) (await left).Dispose();
        }
    }

    /// <summary>Cuts the array into its items. Throws <see cref="Invalid"/> when that cannot be done, or when there are none or too many.</summary>
    private static List<ReadOnlySequence<byte>> Split(in ReadOnlySequence<byte> json, int most)
    {
        List<ReadOnlySequence<byte>>? items = null;
        var mistakes = new Dictionary<string, List<string>>();
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new Invalid("body", "must be an object with the field requests");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueTextEquals("requests"u8))
                {
                    var name = reader.GetString()!;
                    if (mistakes.HasRoomFor(name)) mistakes.Note(name, $"is not a field here; there is requests{DidYouMean.Hint(name, ["requests"])}");
                    reader.Skip();
                    continue;
                }
                if (items is not null) mistakes.Note("requests", "is given twice");
                items = [];
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartArray)
                {
                    mistakes.Note("requests", "must be an array");
                    reader.Skip();
                    continue;
                }
                var count = 0;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    var start = reader.TokenStartIndex;
                    reader.Skip();
                    if (++count <= most) items.Add(json.Slice(start, reader.BytesConsumed - start));
                }
                if (count == 0 || count > most) mistakes.Note("requests", $"must be 1 to {most}, not {count}");
            }
            // Whatever follows the object is malformed.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter on half a surrogate pair and on bytes that are not UTF-8
        {
            throw new Invalid("body", ClientJson.TooDeep(json, around: 3) ?? "must be well-formed JSON");
        }
        if (items is null) mistakes.Note("requests", "is required");
        return mistakes.Count == 0 ? items! : throw new Invalid(mistakes);
    }

    /// <summary>The calls of one batch.</summary>
    private sealed class Calls(Door door, TimeProvider clock, HttpContext http, Visitor visitor)
    {
        private Dictionary<(string Tool, string Key), Task>? keyed;

        public HttpContext Http => http;

        /// <summary>Begins a call. Of two of the same tool with the same idempotency key the second waits for the first, so that it is always the first that decides.</summary>
        public Task<Outcome> Begin(ReadOnlySequence<byte> item)
        {
            ToolCall call;
            string? key;
            try
            {
                call = ToolCall.Read(item, out key);
            }
            catch (Invalid refusal)
            {
                return Task.FromResult(Refused(refusal));
            }
            if (key is null) return Invoke(call, null, Task.CompletedTask);
            keyed ??= [];
            var write = (call.Tool.Name, key);
            var outcome = Invoke(call, key, keyed.GetValueOrDefault(write, Task.CompletedTask));
            keyed[write] = outcome;
            return outcome;
        }

        /// <summary>Never throws: whatever stops one call is its own error.</summary>
        private async Task<Outcome> Invoke(ToolCall call, string? key, Task earlier)
        {
            try
            {
                await earlier;
                var answer = await door.Invoke(visitor, call, key, http.RequestAborted);
                return answer.Body.IsEmpty ? Refused(new Broken()) : new(answer, default);
            }
            catch (Exception e)
            {
                return http.RequestAborted.IsCancellationRequested ? default : Refused(ProblemWriter.AsRefusal(e, http));
            }
        }

        private Outcome Refused(Refusal refusal) => new(null, ProblemWriter.Envelope(refusal, visitor.RequestId, clock.GetUtcNow()));
    }

    /// <summary>What became of a call: what its service answered, or the envelope of an error that arose here.</summary>
    private readonly record struct Outcome(ToolAnswer? Answer, ReadOnlyMemory<byte> Error) : IDisposable
    {
        /// <summary>As the bytes that came. An error's envelope is an item as it stands.</summary>
        public async Task WriteTo(PipeWriter to, HttpContext http)
        {
            if (Answer is not { Status: 200 } answer)
            {
                to.Write((Answer?.Body ?? Error).Span);
                return;
            }
            to.Write("{\"result\":"u8);
            if (answer.Body.Length <= FlushAt) to.Write(answer.Body.Span);
            else await ToolAnswer.Send(http, answer.Body);
            to.Write(answer.IsReplay ? ",\"idempotent_replayed\":true}"u8 : "}"u8);
        }

        public void Dispose() => Answer?.Dispose();
    }
}
