using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Errors;
using MedCor.Validation;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// <c>POST /api/mcp/batch {requests: [{tool, params, idempotency_key?}, …]}</c>: up to a hundred calls, answered with an array in their order, each
/// <c>{result}</c> or <c>{error}</c>. What is wrong with one call is its own error and stops no other; only where the calls cannot be told apart is the whole refused.
/// </summary>
internal sealed class BatchEndpoint(CallQuota quota, ToolInvoker invoker, TimeProvider clock) : IEndpoints
{
    private const int MaxCalls = 100;

    /// <summary>Calls that are under way at once, and so the answers that are in memory at once: a call begins when the one so many places before it is written.</summary>
    private const int MaxConcurrentCalls = 10;

    private const int FlushThreshold = 64 * 1024;

    public void Map(IEndpointRouteBuilder app) => app.MapPost("/api/mcp/batch", HandleAsync);

    private async Task HandleAsync(HttpContext http)
    {
        var context = InvocationContext.FromRequest(http, "batch");
        if (http.Request.Headers.ContainsKey(IdempotencyKey.Header)) throw new ValidationFailed(IdempotencyKey.Header, "belongs to a single call: give each of the requests an idempotency_key of its own");
        using var body = await RequestBody.ReadJsonAsync(http);
        var items = SplitRequests(body.Bytes, Math.Min(MaxCalls, quota.MaxCalls));
        // The request itself is one call, and has been charged.
        await quota.ChargeAsync(http, context.Caller, items.Count - 1);

        http.Response.ContentType = "application/json";
        await WriteAsync(http.Response.BodyWriter, items, new BatchRunner(invoker, clock, http, context));
    }

    private static async Task WriteAsync(PipeWriter answer, List<ReadOnlySequence<byte>> items, BatchRunner calls)
    {
        var running = new Queue<Task<BatchItemResult>>(MaxConcurrentCalls);
        try
        {
            answer.Write("["u8);
            for (var (begun, written) = (0, 0); written < items.Count; written++)
            {
                for (; begun < items.Count && running.Count < MaxConcurrentCalls; begun++) running.Enqueue(calls.StartAsync(items[begun]));
                if (written > 0) answer.Write(","u8);
                using var outcome = await running.Dequeue();
                await outcome.WriteToAsync(answer, calls.Http);
                if (answer.UnflushedBytes > FlushThreshold) await ResponseSender.FlushAsync(calls.Http);
            }
            answer.Write("]"u8);
            await ResponseSender.FlushAsync(calls.Http);
        }
        finally
        {
            // Whoever hung up has cancelled them. They read from the request's body, so they end before it is given back.
            foreach (var left in running) (await left).Dispose();
        }
    }

    /// <summary>Cuts the array into its items. Throws <see cref="ValidationFailed"/> when that cannot be done, or when there are none or too many.</summary>
    private static List<ReadOnlySequence<byte>> SplitRequests(in ReadOnlySequence<byte> json, int most)
    {
        List<ReadOnlySequence<byte>>? items = null;
        var mistakes = new Dictionary<string, List<string>>();
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw new ValidationFailed("body", "must be an object with the field requests");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueTextEquals("requests"u8))
                {
                    var name = reader.GetString()!;
                    if (mistakes.HasRoomFor(name)) mistakes.AddError(name, $"is not a field here; there is requests{DidYouMean.Hint(name, ["requests"])}");
                    reader.Skip();
                    continue;
                }
                if (items is not null) mistakes.AddError("requests", "is given twice");
                items = [];
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartArray)
                {
                    mistakes.AddError("requests", "must be an array");
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
                if (count == 0 || count > most) mistakes.AddError("requests", $"must be 1 to {most}, not {count}");
            }
            // Whatever follows the object is malformed.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter on half a surrogate pair and on bytes that are not UTF-8
        {
            throw new ValidationFailed("body", ClientJson.TooDeep(json, around: 3) ?? "must be well-formed JSON");
        }
        if (items is null) mistakes.AddError("requests", "is required");
        return mistakes.Count == 0 ? items! : throw new ValidationFailed(mistakes);
    }

    /// <summary>The calls of one batch.</summary>
    private sealed class BatchRunner(ToolInvoker door, TimeProvider clock, HttpContext http, InvocationContext visitor)
    {
        private Dictionary<(string Tool, string Key), Task>? _keyed;

        public HttpContext Http => http;

        /// <summary>Begins a call. Of two of the same tool with the same idempotency key the second waits for the first, so that it is always the first that decides.</summary>
        public Task<BatchItemResult> StartAsync(ReadOnlySequence<byte> item)
        {
            ToolRequest call;
            string? key;
            try
            {
                call = ToolRequest.Parse(item, out key);
            }
            catch (ValidationFailed refusal)
            {
                return Task.FromResult(FromError(refusal));
            }
            if (key is null) return InvokeAsync(call, null, Task.CompletedTask);
            _keyed ??= [];
            var write = (call.Tool.Name, key);
            var outcome = InvokeAsync(call, key, _keyed.GetValueOrDefault(write, Task.CompletedTask));
            _keyed[write] = outcome;
            return outcome;
        }

        /// <summary>Never throws: whatever stops one call is its own error.</summary>
        private async Task<BatchItemResult> InvokeAsync(ToolRequest call, string? key, Task earlier)
        {
            try
            {
                await earlier;
                var answer = await door.InvokeAsync(visitor, call, key, http.RequestAborted);
                return answer.Body.IsEmpty ? FromError(new InternalError()) : new(answer, default);
            }
            catch (Exception e)
            {
                return http.RequestAborted.IsCancellationRequested ? default : FromError(ErrorResponseWriter.ToApiException(e, http));
            }
        }

        private BatchItemResult FromError(ApiException refusal) => new(null, ErrorResponseWriter.SerializeEnvelope(refusal, visitor.RequestId, clock.GetUtcNow()));
    }

    /// <summary>What became of a call: what its service answered, or the envelope of an error that arose here.</summary>
    private readonly record struct BatchItemResult(ToolResponse? Response, ReadOnlyMemory<byte> Error) : IDisposable
    {
        /// <summary>As the bytes that came. An error's envelope is an item as it stands.</summary>
        public async Task WriteToAsync(PipeWriter to, HttpContext http)
        {
            if (Response is not { Status: 200 } answer)
            {
                to.Write((Response?.Body ?? Error).Span);
                return;
            }
            to.Write("{\"result\":"u8);
            if (answer.Body.Length <= FlushThreshold) to.Write(answer.Body.Span);
            else await ResponseSender.SendAsync(http, answer.Body);
            to.Write(answer.IsReplay ? ",\"idempotent_replayed\":true}"u8 : "}"u8);
        }

        public void Dispose() => Response?.Dispose();
    }
}
