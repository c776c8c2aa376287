using System.ClientModel;
using System.ClientModel.Primitives;
using System.Runtime.CompilerServices;
using MedCor.Contracts.Chat;
using Microsoft.Extensions.Options;
using OpenAI;
using OpenAI.Chat;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using ChatMessage = MedCor.Contracts.Chat.ChatMessage;
using Sent = OpenAI.Chat.ChatMessage;

namespace MedCor.Chat.Calls;

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

    private readonly ModelOptions options;
    private readonly TimeProvider clock;
    private readonly HttpClient? http;
    private readonly OpenAIClient? client;
    private readonly ResiliencePipeline<AnswerStream> pipeline;
    private readonly CircuitBreakerStateProvider circuit = new();
    private long breakEndsAt = long.MinValue;

    public ChatModelClient(IOptions<ModelOptions> options, TimeProvider clock)
    {
        (this.options, this.clock) = (options.Value, clock);
        if (!string.IsNullOrEmpty(this.options.ApiKey))
        {
            http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5), UseCookies = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
            var how = new OpenAIClientOptions
            {
                Transport = new HttpClientPipelineTransport(http),
                // Both are decided here.
                RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
                NetworkTimeout = Timeout.InfiniteTimeSpan,
            };
            if (this.options.Endpoint is { } address) how.Endpoint = address;
            client = new(new ApiKeyCredential(this.options.ApiKey), how);
        }

        pipeline = new ResiliencePipelineBuilder<AnswerStream> { TimeProvider = clock }
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
                StateProvider = circuit,
                OnOpened = _ =>
                {
                    Volatile.Write(ref breakEndsAt, clock.GetTimestamp() + (long)(BreakDuration.TotalSeconds * clock.TimestampFrequency));
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>Whether there is a model to ask.</summary>
    public bool IsConfigured => client is not null;

    /// <summary>Whether it fails time and again, so that it is not worth asking now: it rests, or one question tries out whether it is well again.</summary>
    public bool IsCircuitOpen => circuit.CircuitState == CircuitState.HalfOpen || clock.GetTimestamp() < Volatile.Read(ref breakEndsAt);

    /// <summary>The answer, piece by piece as it comes. Throws <see cref="ModelException"/>.</summary>
    /// <param name="usage">Gets what it took, before the answer ends.</param>
    public async IAsyncEnumerable<string> StreamAnswer(ModelRequest question, TokenUsage usage, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var reading = await OpenStream(question, usage, ct);
        // Of an answer without a word there is no piece.
        if (reading.Piece.Length == 0) yield break;
        do yield return reading.Piece;
        while (await reading.ReadNext());
    }

    private async Task<AnswerStream> OpenStream(ModelRequest question, TokenUsage usage, CancellationToken ct)
    {
        try
        {
            return await pipeline.ExecuteAsync(async _ =>
            {
                var reading = new AnswerStream(this, question, usage, ct);
                try
                {
                    await reading.ReadFirst();
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

    public void Dispose() => http?.Dispose();

    /// <summary>One answer on its way. Nobody waits longer for a piece of it than the options say.</summary>
    private sealed class AnswerStream : IAsyncDisposable
    {
        private readonly ChatModelClient model;
        private readonly TokenUsage usage;
        private readonly CancellationToken cancelled;
        private readonly CancellationTokenSource stallTimer;
        private readonly CancellationTokenSource linked;
        private readonly IAsyncEnumerator<StreamingChatCompletionUpdate> updates;
        private bool isComplete;

        public AnswerStream(ChatModelClient model, ModelRequest question, TokenUsage usage, CancellationToken cancelled)
        {
            (this.model, this.usage, this.cancelled) = (model, usage, cancelled);
            stallTimer = new(Timeout.InfiniteTimeSpan, model.clock);
            linked = CancellationTokenSource.CreateLinkedTokenSource(cancelled, stallTimer.Token);
            updates = model.client!.GetChatClient(question.Model).CompleteChatStreamingAsync(question.Messages.Select(ToSdkMessage), model.ToCompletionOptions(question), linked.Token).GetAsyncEnumerator(linked.Token);
        }

        /// <summary>The piece that was read last.</summary>
        public string Piece { get; private set; } = "";

        /// <summary>Reads the first piece, or that there is none.</summary>
        public Task<bool> ReadFirst() => ReadNext(TimeSpan.FromSeconds(model.options.FirstTokenSeconds));

        /// <summary>Reads on. False at the end.</summary>
        public Task<bool> ReadNext() => ReadNext(TimeSpan.FromSeconds(model.options.StallSeconds));

        private async Task<bool> ReadNext(TimeSpan wait)
        {
            stallTimer.CancelAfter(wait);
            try
            {
                while (await updates.MoveNextAsync())
                    if (Accept(updates.Current)) return true;
            }
            catch (Exception) when (cancelled.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancelled);
            }
            catch (Exception) when (isComplete)
            {
                // All was said; how the connection ends does not matter.
            }
            catch (Exception e)
            {
                throw stallTimer.IsCancellationRequested ? ModelException.Stalled : ModelException.From(e, model.clock.GetUtcNow());
            }
            finally
            {
                // It is the model that is waited for, not whoever takes its words.
                stallTimer.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            Piece = "";
            // A server that goes down in good order ends its stream as if it were done.
            return isComplete ? false : throw ModelException.ConnectionLost;
        }

        private bool Accept(StreamingChatCompletionUpdate update)
        {
            if (update.FinishReason is not null) isComplete = true;
            if (update.Usage is { } took) (usage.InputTokens, usage.OutputTokens) = (took.InputTokenCount, took.OutputTokenCount);
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
            await updates.DisposeAsync();
            linked.Dispose();
            stallTimer.Dispose();
        }
    }

#pragma warning disable SCME0001 // The package has no other way to name a field as other servers know it.
    private ChatCompletionOptions ToCompletionOptions(ModelRequest question)
    {
        var wishes = new ChatCompletionOptions { Temperature = (float?)question.Temperature };
        // OpenAI has renamed the field, and its newer models take no other; the servers that speak its protocol know the old name.
        if (options.Endpoint is null) wishes.MaxOutputTokenCount = question.MaxTokens;
        else wishes.Patch.Set("$.max_tokens"u8, question.MaxTokens);
        return wishes;
    }
#pragma warning restore SCME0001
}
