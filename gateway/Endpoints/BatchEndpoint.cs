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
/// Maps <c>POST /api/mcp/batch {requests: [{tool, params, idempotency_key?}, …]}</c>: up to a hundred calls. The response is an array in the order of the
/// calls, with <c>{result}</c> or <c>{error}</c> for each. An error of one call does not affect the others; only a body that cannot be split into calls is
/// rejected as a whole.
/// </summary>
internal sealed class BatchEndpoint(CallQuota quota, ToolInvoker invoker, TimeProvider clock) : IEndpoints
{
    private const int MaxCalls = 100;

    /// <summary>
    /// The maximum number of calls in progress, and so of responses in memory: a call starts when the call this many positions before it has been written.
    /// </summary>
    private const int MaxConcurrentCalls = 10;

    private const int FlushThreshold = 64 * 1024;

    private static readonly string[] Fields = ["requests"];

    public void Map(IEndpointRouteBuilder app) => app.MapPost("/api/mcp/batch", HandleAsync).DescribeInvokeTools();

    private async Task HandleAsync(HttpContext http)
    {
        var context = InvocationContext.FromRequest(http, "batch");
        if (http.Request.Headers.ContainsKey(IdempotencyKey.Header))
            throw new ValidationFailed(IdempotencyKey.Header, "applies to a single call: set idempotency_key in each of the requests");
        using var body = await RequestBody.ReadJsonAsync(http);
        var items = SplitRequests(body.Bytes, Math.Min(MaxCalls, quota.MaxCalls));
        // The request itself is one call, and has been charged.
        await quota.ChargeAsync(http, context.Caller, items.Count - 1);

        http.Response.ContentType = "application/json";
        await WriteAsync(http.Response.BodyWriter, items, new BatchRunner(invoker, clock, http, context));
    }

    private static async Task WriteAsync(PipeWriter response, List<ReadOnlySequence<byte>> items, BatchRunner calls)
    {
        var running = new Queue<Task<BatchItemResult>>(MaxConcurrentCalls);
        try
        {
            response.Write("["u8);
            for (var (started, written) = (0, 0); written < items.Count; written++)
            {
                for (; started < items.Count && running.Count < MaxConcurrentCalls; started++) running.Enqueue(calls.StartAsync(items[started]));
                if (written > 0) response.Write(","u8);
                using var outcome = await running.Dequeue();
                await outcome.WriteToAsync(response, calls.Http);
                if (response.UnflushedBytes > FlushThreshold) await ResponseSender.FlushAsync(calls.Http);
            }
            response.Write("]"u8);
            await ResponseSender.FlushAsync(calls.Http);
        }
        finally
        {
            // A disconnected client has canceled the remaining calls. They read from the request's body, so they end before its buffer is returned.
            foreach (var remaining in running) (await remaining).Dispose();
        }
    }

    /// <summary>Splits the array into its items. Throws <see cref="ValidationFailed"/> when it is malformed, empty or too long.</summary>
    private static List<ReadOnlySequence<byte>> SplitRequests(in ReadOnlySequence<byte> json, int maxCount)
    {
        List<ReadOnlySequence<byte>> items = [];
        var envelope = new EnvelopeReader(json, "body", depth: 3, Fields);
        while (envelope.Read(out var field))
        {
            items.Clear();
            var value = envelope.Value;
            if (value.TokenType != JsonTokenType.StartArray)
            {
                envelope.AddError(field, "must be an array");
                continue;
            }
            var count = 0;
            while (value.Read() && value.TokenType != JsonTokenType.EndArray)
            {
                var start = value.TokenStartIndex;
                value.Skip();
                if (++count <= maxCount) items.Add(json.Slice(start, value.BytesConsumed - start));
            }
            if (count == 0 || count > maxCount) envelope.AddError(field, $"must be 1 to {maxCount}, not {count}");
        }
        envelope.Complete();
        return items;
    }

    /// <summary>Runs the calls of one batch.</summary>
    private sealed class BatchRunner(ToolInvoker invoker, TimeProvider clock, HttpContext http, InvocationContext context)
    {
        private Dictionary<(string Tool, string Key), Task>? _keyed;

        public HttpContext Http => http;

        /// <summary>
        /// Starts a call. Calls of the same tool with the same idempotency key run in sequence, so that the first one always determines the result.
        /// </summary>
        public Task<BatchItemResult> StartAsync(ReadOnlySequence<byte> item)
        {
            ToolRequest request;
            string? key;
            try
            {
                request = ToolRequest.Parse(item, out key);
            }
            catch (ValidationFailed error)
            {
                return Task.FromResult(FromError(error));
            }
            if (key is null) return InvokeAsync(request, null, Task.CompletedTask);
            _keyed ??= [];
            var callKey = (request.Tool.Name, key);
            var outcome = InvokeAsync(request, key, _keyed.GetValueOrDefault(callKey, Task.CompletedTask));
            _keyed[callKey] = outcome;
            return outcome;
        }

        /// <summary>Runs a call and returns its result or its error. Never throws.</summary>
        private async Task<BatchItemResult> InvokeAsync(ToolRequest request, string? key, Task earlier)
        {
            try
            {
                await earlier;
                var response = await invoker.InvokeAsync(context, request, key, http.RequestAborted);
                return response.Body.IsEmpty ? FromError(new InternalError()) : new(response, default);
            }
            catch (Exception e)
            {
                return http.RequestAborted.IsCancellationRequested ? default : FromError(ErrorResponseWriter.ToApiException(e, http));
            }
        }

        private BatchItemResult FromError(ApiException error) => new(null, ErrorResponseWriter.SerializeEnvelope(error, context.RequestId, clock.GetUtcNow()));
    }

    /// <summary>Represents the outcome of a call: the response of its service, or the error envelope of the gateway.</summary>
    private readonly record struct BatchItemResult(ToolResponse? Response, ReadOnlyMemory<byte> Error) : IDisposable
    {
        /// <summary>Writes the item, with the unchanged bytes of the result or of the error envelope.</summary>
        public async Task WriteToAsync(PipeWriter writer, HttpContext http)
        {
            if (Response is not { Status: 200 } response)
            {
                writer.Write((Response?.Body ?? Error).Span);
                return;
            }
            writer.Write("{\"result\":"u8);
            if (response.Body.Length <= FlushThreshold) writer.Write(response.Body.Span);
            else await ResponseSender.SendAsync(http, response.Body);
            writer.Write(response.IsReplay ? ",\"idempotent_replayed\":true}"u8 : "}"u8);
        }

        public void Dispose() => Response?.Dispose();
    }
}
