using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using ChatMessage = MedCor.Contracts.Chat.ChatMessage;
using Sent = OpenAI.Chat.ChatMessage;

namespace MedCor.Chat.LanguageModel;

/// <summary>
/// Streams answers of the model through OpenAI's client library. A transient failure is retried with growing delays as long as nothing of the answer has
/// arrived; repeated failures open a circuit breaker for some seconds.
/// </summary>
internal sealed class ChatModelClient : IDisposable
{
    private const int MaxRetries = 3;
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>The longest delay that is waited for before a retry. When the model asks for a longer one, the caller receives the failure.</summary>
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(10);

    /// <summary>The greatest number of tools that the model may call at once, and the greatest length of their arguments together, in characters.</summary>
    private const int MaxToolCalls = 16, MaxArgumentsLength = 64 * 1024;

    private const int FailuresUntilBreak = 20;
    private static readonly TimeSpan SamplingWindow = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan BreakDuration = TimeSpan.FromSeconds(5);

    private readonly ModelOptions _options;
    private readonly TimeProvider _clock;
    private readonly HttpClient? _http;
    private readonly OpenAIClient? _client;
    private readonly ResiliencePipeline<AnswerStream> _pipeline;
    private readonly CircuitBreakerStateProvider _circuit = new();
    private long _breakEndsAt = long.MinValue;

    public ChatModelClient(IOptions<ModelOptions> options, TimeProvider clock)
    {
        (_options, _clock) = (options.Value, clock);
        if (!string.IsNullOrEmpty(_options.ApiKey))
        {
            var handler = new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5), UseCookies = false, AllowAutoRedirect = false,
            };
            _http = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
            var clientOptions = new OpenAIClientOptions
            {
                Transport = new HttpClientPipelineTransport(_http),
                // This class decides on retries and timeouts.
                RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
                NetworkTimeout = Timeout.InfiniteTimeSpan,
            };
            if (_options.Endpoint is { } address) clientOptions.Endpoint = address;
            _client = new(new ApiKeyCredential(_options.ApiKey), clientOptions);
        }

        _pipeline = new ResiliencePipelineBuilder<AnswerStream> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<AnswerStream>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is ModelException { IsTransient: true, MayHaveAnswered: false } failure
                    && !(failure.RetryAfter > LongestRetryDelay)),
                MaxRetryAttempts = MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstRetryDelay,
                DelayGenerator = attempt => ValueTask.FromResult((attempt.Outcome.Exception as ModelException)?.RetryAfter),
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<AnswerStream>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is ModelException { IsTransient: true }),
                FailureRatio = 0.9,
                MinimumThroughput = FailuresUntilBreak,
                SamplingDuration = SamplingWindow,
                BreakDuration = BreakDuration,
                StateProvider = _circuit,
                OnOpened = _ =>
                {
                    Volatile.Write(ref _breakEndsAt, clock.GetTimestamp() + (long)(BreakDuration.TotalSeconds * clock.TimestampFrequency));
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>Gets whether a model is configured.</summary>
    public bool IsConfigured => _client is not null;

    /// <summary>
    /// Gets whether the circuit breaker rejects requests after repeated failures: it is open, or half-open while one request probes the model.
    /// </summary>
    public bool IsCircuitOpen => _circuit.CircuitState == CircuitState.HalfOpen || _clock.GetTimestamp() < Volatile.Read(ref _breakEndsAt);

    /// <summary>Streams the answer in pieces as they arrive. Throws <see cref="ModelException"/> when the model fails.</summary>
    /// <param name="reply">Receives the token counts and the calls of tools before the answer ends.</param>
    public async IAsyncEnumerable<string> StreamAnswerAsync(ModelRequest question, ModelReply reply, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var stream = await OpenStreamAsync(question, reply, ct);
        // An answer without text has no pieces.
        if (stream.Piece.Length == 0) yield break;
        do yield return stream.Piece;
        while (await stream.ReadNextAsync());
    }

    private async Task<AnswerStream> OpenStreamAsync(ModelRequest question, ModelReply reply, CancellationToken ct)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async _ =>
            {
                var stream = new AnswerStream(this, question, reply, ct);
                try
                {
                    await stream.ReadFirstAsync();
                    return stream;
                }
                catch
                {
                    await stream.DisposeAsync();
                    throw;
                }
            }, ct);
        }
        catch (BrokenCircuitException)
        {
            throw ModelException.CircuitOpen;
        }
    }

    public void Dispose() => _http?.Dispose();

    /// <summary>Reads one streamed answer. The options limit the wait for each piece.</summary>
    private sealed class AnswerStream : IAsyncDisposable
    {
        private readonly ChatModelClient _model;
        private readonly ModelReply _reply;
        private readonly List<PartialToolCall> _toolCalls = [];
        private readonly CancellationToken _cancelled;
        private readonly CancellationTokenSource _stallTimer;
        private readonly CancellationTokenSource _linked;
        private readonly IAsyncEnumerator<StreamingChatCompletionUpdate> _updates;
        private bool _isComplete;

        public AnswerStream(ChatModelClient model, ModelRequest question, ModelReply reply, CancellationToken cancelled)
        {
            (_model, _reply, _cancelled) = (model, reply, cancelled);
            _stallTimer = new(Timeout.InfiniteTimeSpan, model._clock);
            _linked = CancellationTokenSource.CreateLinkedTokenSource(cancelled, _stallTimer.Token);
            _updates = model._client!.GetChatClient(question.Model)
                .CompleteChatStreamingAsync(question.Messages.Select(ToSdkMessage).Concat(question.Rounds.SelectMany(ToSdkMessages)),
                    model.ToCompletionOptions(question), _linked.Token)
                .GetAsyncEnumerator(_linked.Token);
        }

        /// <summary>Gets the piece that was read last.</summary>
        public string Piece { get; private set; } = "";

        /// <summary>Reads the first piece. Returns false when the answer has none.</summary>
        public Task<bool> ReadFirstAsync() => ReadNextAsync(TimeSpan.FromSeconds(_model._options.FirstTokenSeconds));

        /// <summary>Reads the next piece. Returns false at the end of the answer.</summary>
        public Task<bool> ReadNextAsync() => ReadNextAsync(TimeSpan.FromSeconds(_model._options.StallSeconds));

        private async Task<bool> ReadNextAsync(TimeSpan timeout)
        {
            _stallTimer.CancelAfter(timeout);
            try
            {
                while (await _updates.MoveNextAsync())
                {
                    if (Accept(_updates.Current)) return true;
                    // The arguments of a call arrive in pieces too.
                    if (_toolCalls.Count > 0) _stallTimer.CancelAfter(TimeSpan.FromSeconds(_model._options.StallSeconds));
                }
            }
            catch (Exception) when (_cancelled.IsCancellationRequested)
            {
                throw new OperationCanceledException(_cancelled);
            }
            catch (Exception) when (_isComplete)
            {
                // The answer is complete; how the connection ends does not matter.
            }
            catch (Exception e)
            {
                throw _stallTimer.IsCancellationRequested ? ModelException.Stalled
                    : e is not ModelException && _toolCalls.Count > 0 ? ModelException.AnswerLost
                    : ModelException.From(e, _model._clock.GetUtcNow());
            }
            finally
            {
                // The timeout applies to the model, not to the consumer of the pieces.
                _stallTimer.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            Piece = "";
            // A server that shuts down gracefully ends its stream as if the answer were complete.
            if (!_isComplete) throw _toolCalls.Count > 0 ? ModelException.AnswerLost : ModelException.ConnectionLost;
            _reply.ToolCalls.AddRange(_toolCalls.Select(call => new ModelToolCall(call.Id, call.Tool, call.Arguments.ToString())));
            _toolCalls.Clear();
            return false;
        }

        private bool Accept(StreamingChatCompletionUpdate update)
        {
            if (update.Usage is { } usage) (_reply.InputTokens, _reply.OutputTokens) = (usage.InputTokenCount, usage.OutputTokenCount);
            foreach (var call in update.ToolCallUpdates) Accept(call);
            // PostgreSQL cannot store U+0000.
            Piece = (update.RefusalUpdate + string.Concat(update.ContentUpdate.Select(part => part.Text))).Replace("\0", "", StringComparison.Ordinal);
            if (update.FinishReason is not null) _isComplete = true;
            return Piece.Length > 0;
        }

        private void Accept(StreamingChatToolCallUpdate update)
        {
            if (update.Index is < 0 or >= MaxToolCalls) throw ModelException.TooManyToolCalls;
            while (_toolCalls.Count <= update.Index) _toolCalls.Add(new());
            var call = _toolCalls[update.Index];
            if (update.ToolCallId is { Length: > 0 } id) call.Id = id;
            if (update.FunctionName is { Length: > 0 } name) call.Tool = name;
            call.Arguments.Append(update.FunctionArgumentsUpdate?.ToString().Replace("\0", "", StringComparison.Ordinal));
            if (_toolCalls.Sum(c => c.Arguments.Length) > MaxArgumentsLength) throw ModelException.TooManyToolCalls;
        }

        private static IEnumerable<Sent> ToSdkMessages(ToolRound round)
        {
            var said = new AssistantChatMessage(
                round.Calls.Select(call => ChatToolCall.CreateFunctionToolCall(call.Id, call.Tool, BinaryData.FromString(call.Arguments))));
            if (round.Text.Length > 0) said.Content.Add(ChatMessageContentPart.CreateTextPart(round.Text));
            yield return said;
            foreach (var (call, result) in round.Calls.Zip(round.Results)) yield return new ToolChatMessage(call.Id, result);
        }

        private static Sent ToSdkMessage(ChatMessage message) => message.Role switch
        {
            "system" => new SystemChatMessage(message.Content),
            "assistant" => new AssistantChatMessage(message.Content),
            _ => new UserChatMessage(message.Content),
        };

        public async ValueTask DisposeAsync()
        {
            await _updates.DisposeAsync();
            _linked.Dispose();
            _stallTimer.Dispose();
        }

        /// <summary>Holds a call of which not all has arrived.</summary>
        private sealed class PartialToolCall
        {
            public string Id { get; set; } = "";
            public string Tool { get; set; } = "";
            public StringBuilder Arguments { get; } = new();
        }
    }

#pragma warning disable SCME0001 // The library has no other way to set a field under the name that other servers know.
    private ChatCompletionOptions ToCompletionOptions(ModelRequest question)
    {
        var completionOptions = new ChatCompletionOptions { Temperature = (float?)question.Temperature };
        foreach (var tool in question.Tools)
            completionOptions.Tools.Add(ChatTool.CreateFunctionTool(tool.Name, tool.Description, BinaryData.FromString(tool.InputSchema)));
        if (question is { Tools.Count: > 0, IsLastRound: true }) completionOptions.ToolChoice = ChatToolChoice.CreateNoneChoice();
        // OpenAI renamed the field, and its newer models accept only the new name; other servers of its protocol know the old one.
        if (_options.Endpoint is null) completionOptions.MaxOutputTokenCount = question.MaxTokens;
        else completionOptions.Patch.Set("$.max_tokens"u8, question.MaxTokens);
        return completionOptions;
    }
#pragma warning restore SCME0001
}
