using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using ChatMessage = MedCor.Contracts.Chat.ChatMessage;
using Sent = OpenAI.Chat.ChatMessage;

namespace MedCor.Chat.LanguageModel;

/// <summary>What the model is asked.</summary>
internal sealed record ModelRequest(string Model, IReadOnlyList<ChatMessage> Messages, int MaxTokens, double? Temperature = null);

/// <summary>What an answer took, as the model counts; none when it does not.</summary>
internal sealed class TokenUsage
{
    public int? InputTokens { get; set; }
    public int? OutputTokens { get; set; }
}

/// <summary>
/// The model, asked through OpenAI's own package. A failure that passes is tried again, with growing pauses, as long as nothing of the answer has come; one that happens
/// time and again has the model let alone for some seconds.
/// </summary>
internal sealed class ChatModelClient : IDisposable
{
    private const int MaxRetries = 3;
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(300);

    /// <summary>Who asks for a longer pause is not waited for: the caller is told.</summary>
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(10);

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
            _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5), UseCookies = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
            var how = new OpenAIClientOptions
            {
                Transport = new HttpClientPipelineTransport(_http),
                // Both are decided here.
                RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
                NetworkTimeout = Timeout.InfiniteTimeSpan,
            };
            if (_options.Endpoint is { } address) how.Endpoint = address;
            _client = new(new ApiKeyCredential(_options.ApiKey), how);
        }

        _pipeline = new ResiliencePipelineBuilder<AnswerStream> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<AnswerStream>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is ModelException { IsTransient: true, MayHaveAnswered: false } failure && !(failure.RetryAfter > LongestRetryDelay)),
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

    /// <summary>Whether there is a model to ask.</summary>
    public bool IsConfigured => _client is not null;

    /// <summary>Whether it fails time and again, so that it is not worth asking now: it rests, or one question tries out whether it is well again.</summary>
    public bool IsCircuitOpen => _circuit.CircuitState == CircuitState.HalfOpen || _clock.GetTimestamp() < Volatile.Read(ref _breakEndsAt);

    /// <summary>The answer, piece by piece as it comes. Throws <see cref="ModelException"/>.</summary>
    /// <param name="usage">Gets what it took, before the answer ends.</param>
    public async IAsyncEnumerable<string> StreamAnswerAsync(ModelRequest question, TokenUsage usage, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var reading = await OpenStreamAsync(question, usage, ct);
        // Of an answer without a word there is no piece.
        if (reading.Piece.Length == 0) yield break;
        do yield return reading.Piece;
        while (await reading.ReadNextAsync());
    }

    private async Task<AnswerStream> OpenStreamAsync(ModelRequest question, TokenUsage usage, CancellationToken ct)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async _ =>
            {
                var reading = new AnswerStream(this, question, usage, ct);
                try
                {
                    await reading.ReadFirstAsync();
                    return reading;
                }
                catch
                {
                    await reading.DisposeAsync();
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

    /// <summary>One answer on its way. Nobody waits longer for a piece of it than the options say.</summary>
    private sealed class AnswerStream : IAsyncDisposable
    {
        private readonly ChatModelClient _model;
        private readonly TokenUsage _usage;
        private readonly CancellationToken _cancelled;
        private readonly CancellationTokenSource _stallTimer;
        private readonly CancellationTokenSource _linked;
        private readonly IAsyncEnumerator<StreamingChatCompletionUpdate> _updates;
        private bool _isComplete;

        public AnswerStream(ChatModelClient model, ModelRequest question, TokenUsage usage, CancellationToken cancelled)
        {
            (_model, _usage, _cancelled) = (model, usage, cancelled);
            _stallTimer = new(Timeout.InfiniteTimeSpan, model._clock);
            _linked = CancellationTokenSource.CreateLinkedTokenSource(cancelled, _stallTimer.Token);
            _updates = model._client!.GetChatClient(question.Model).CompleteChatStreamingAsync(question.Messages.Select(ToSdkMessage), model.ToCompletionOptions(question), _linked.Token).GetAsyncEnumerator(_linked.Token);
        }

        /// <summary>The piece that was read last.</summary>
        public string Piece { get; private set; } = "";

        /// <summary>Reads the first piece, or that there is none.</summary>
        public Task<bool> ReadFirstAsync() => ReadNextAsync(TimeSpan.FromSeconds(_model._options.FirstTokenSeconds));

        /// <summary>Reads on. False at the end.</summary>
        public Task<bool> ReadNextAsync() => ReadNextAsync(TimeSpan.FromSeconds(_model._options.StallSeconds));

        private async Task<bool> ReadNextAsync(TimeSpan wait)
        {
            _stallTimer.CancelAfter(wait);
            try
            {
                while (await _updates.MoveNextAsync())
                    if (Accept(_updates.Current)) return true;
            }
            catch (Exception) when (_cancelled.IsCancellationRequested)
            {
                throw new OperationCanceledException(_cancelled);
            }
            catch (Exception) when (_isComplete)
            {
                // All was said; how the connection ends does not matter.
            }
            catch (Exception e)
            {
                throw _stallTimer.IsCancellationRequested ? ModelException.Stalled : ModelException.From(e, _model._clock.GetUtcNow());
            }
            finally
            {
                // It is the model that is waited for, not whoever takes its words.
                _stallTimer.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            Piece = "";
            // A server that goes down in good order ends its stream as if it were done.
            return _isComplete ? false : throw ModelException.ConnectionLost;
        }

        private bool Accept(StreamingChatCompletionUpdate update)
        {
            if (update.FinishReason is not null) _isComplete = true;
            if (update.Usage is { } took) (_usage.InputTokens, _usage.OutputTokens) = (took.InputTokenCount, took.OutputTokenCount);
            // PostgreSQL takes no U+0000.
            Piece = (update.RefusalUpdate + string.Concat(update.ContentUpdate.Select(part => part.Text))).Replace("\0", "", StringComparison.Ordinal);
            return Piece.Length > 0;
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
    }

#pragma warning disable SCME0001 // The package has no other way to name a field as other servers know it.
    private ChatCompletionOptions ToCompletionOptions(ModelRequest question)
    {
        var wishes = new ChatCompletionOptions { Temperature = (float?)question.Temperature };
        // OpenAI has renamed the field, and its newer models take no other; the servers that speak its protocol know the old name.
        if (_options.Endpoint is null) wishes.MaxOutputTokenCount = question.MaxTokens;
        else wishes.Patch.Set("$.max_tokens"u8, question.MaxTokens);
        return wishes;
    }
#pragma warning restore SCME0001
}
