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
internal sealed record Question(string Model, IReadOnlyList<ChatMessage> Messages, int MaxTokens, double? Temperature = null);

/// <summary>What an answer took, as the model counts; none when it does not.</summary>
internal sealed class Usage
{
    public int? TokensRead { get; set; }
    public int? TokensWritten { get; set; }
}

/// <summary>
/// The model, asked through OpenAI's own package. A failure that passes is tried again, with growing pauses, as long as nothing of the answer has come; one that happens
/// time and again has the model let alone for some seconds.
/// </summary>
internal sealed class Model : IDisposable
{
    private const int Retries = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(300);

    /// <summary>Who asks for a longer pause is not waited for: the caller is told.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private const int FailuresUntilRest = 20;
    private static readonly TimeSpan FailuresCounted = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan Rest = TimeSpan.FromSeconds(5);

    private readonly ModelOptions options;
    private readonly TimeProvider clock;
    private readonly HttpClient? http;
    private readonly OpenAIClient? client;
    private readonly ResiliencePipeline<Reading> pipeline;
    private readonly CircuitBreakerStateProvider circuit = new();
    private long restsUntil = long.MinValue;

    public Model(IOptions<ModelOptions> options, TimeProvider clock)
    {
        (this.options, this.clock) = (options.Value, clock);
        if (!string.IsNullOrEmpty(this.options.Key))
        {
            http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), PooledConnectionLifetime = TimeSpan.FromMinutes(5), UseCookies = false, AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };
            var how = new OpenAIClientOptions
            {
                Transport = new HttpClientPipelineTransport(http),
                // Both are decided here.
                RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
                NetworkTimeout = Timeout.InfiniteTimeSpan,
            };
            if (this.options.Address is { } address) how.Endpoint = address;
            client = new(new ApiKeyCredential(this.options.Key), how);
        }

        pipeline = new ResiliencePipelineBuilder<Reading> { TimeProvider = clock }
            .AddRetry(new RetryStrategyOptions<Reading>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is ModelFailure { IsTransient: true, MayHaveAnswered: false } failure && !(failure.RetryAfter > LongestPause)),
                MaxRetryAttempts = Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstPause,
                DelayGenerator = attempt => ValueTask.FromResult((attempt.Outcome.Exception as ModelFailure)?.RetryAfter),
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Reading>
            {
                ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is ModelFailure { IsTransient: true }),
                FailureRatio = 0.9,
                MinimumThroughput = FailuresUntilRest,
                SamplingDuration = FailuresCounted,
                BreakDuration = Rest,
                StateProvider = circuit,
                OnOpened = _ =>
                {
                    Volatile.Write(ref restsUntil, clock.GetTimestamp() + (long)(Rest.TotalSeconds * clock.TimestampFrequency));
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>Whether there is a model to ask.</summary>
    public bool IsConfigured => client is not null;

    /// <summary>Whether it fails time and again, so that it is not worth asking now: it rests, or one question tries out whether it is well again.</summary>
    public bool IsResting => circuit.CircuitState == CircuitState.HalfOpen || clock.GetTimestamp() < Volatile.Read(ref restsUntil);

    /// <summary>The answer, piece by piece as it comes. Throws <see cref="ModelFailure"/>.</summary>
    /// <param name="usage">Gets what it took, before the answer ends.</param>
    public async IAsyncEnumerable<string> Answer(Question question, Usage usage, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var reading = await Open(question, usage, ct);
        // Of an answer without a word there is no piece.
        if (reading.Piece.Length == 0) yield break;
        do yield return reading.Piece;
        while (await reading.Next());
    }

    private async Task<Reading> Open(Question question, Usage usage, CancellationToken ct)
    {
        try
        {
            return await pipeline.ExecuteAsync(async _ =>
            {
                var reading = new Reading(this, question, usage, ct);
                try
                {
                    await reading.Begin();
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
            throw ModelFailure.Resting;
        }
    }

    public void Dispose() => http?.Dispose();

    /// <summary>One answer on its way. Nobody waits longer for a piece of it than the options say.</summary>
    private sealed class Reading : IAsyncDisposable
    {
        private readonly Model model;
        private readonly Usage usage;
        private readonly CancellationToken cancelled;
        private readonly CancellationTokenSource patience;
        private readonly CancellationTokenSource ends;
        private readonly IAsyncEnumerator<StreamingChatCompletionUpdate> updates;
        private bool isComplete;

        public Reading(Model model, Question question, Usage usage, CancellationToken cancelled)
        {
            (this.model, this.usage, this.cancelled) = (model, usage, cancelled);
            patience = new(Timeout.InfiniteTimeSpan, model.clock);
            ends = CancellationTokenSource.CreateLinkedTokenSource(cancelled, patience.Token);
            updates = model.client!.GetChatClient(question.Model).CompleteChatStreamingAsync(question.Messages.Select(Sent), model.Wishes(question), ends.Token).GetAsyncEnumerator(ends.Token);
        }

        /// <summary>The piece that was read last.</summary>
        public string Piece { get; private set; } = "";

        /// <summary>Reads the first piece, or that there is none.</summary>
        public Task<bool> Begin() => Next(TimeSpan.FromSeconds(model.options.FirstTokenSeconds));

        /// <summary>Reads on. False at the end.</summary>
        public Task<bool> Next() => Next(TimeSpan.FromSeconds(model.options.StallSeconds));

        private async Task<bool> Next(TimeSpan wait)
        {
            patience.CancelAfter(wait);
            try
            {
                while (await updates.MoveNextAsync())
                    if (Take(updates.Current)) return true;
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
                throw patience.IsCancellationRequested ? ModelFailure.Stall : ModelFailure.Of(e, model.clock.GetUtcNow());
            }
            finally
            {
                // It is the model that is waited for, not whoever takes its words.
                patience.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            Piece = "";
            // A server that goes down in good order ends its stream as if it were done.
            return isComplete ? false : throw ModelFailure.Cut;
        }

        private bool Take(StreamingChatCompletionUpdate update)
        {
            if (update.FinishReason is not null) isComplete = true;
            if (update.Usage is { } took) (usage.TokensRead, usage.TokensWritten) = (took.InputTokenCount, took.OutputTokenCount);
            // PostgreSQL takes no U+0000.
            Piece = (update.RefusalUpdate + string.Concat(update.ContentUpdate.Select(part => part.Text))).Replace("\0", "", StringComparison.Ordinal);
            return Piece.Length > 0;
        }

        private static Sent Sent(ChatMessage message) => message.Role switch
        {
            "system" => new SystemChatMessage(message.Content),
            "assistant" => new AssistantChatMessage(message.Content),
            _ => new UserChatMessage(message.Content),
        };

        public async ValueTask DisposeAsync()
        {
            await updates.DisposeAsync();
            ends.Dispose();
            patience.Dispose();
        }
    }

#pragma warning disable SCME0001 // The package has no other way to name a field as other servers know it.
    private ChatCompletionOptions Wishes(Question question)
    {
        var wishes = new ChatCompletionOptions { Temperature = (float?)question.Temperature };
        // OpenAI has renamed the field, and its newer models take no other; the servers that speak its protocol know the old name.
        if (options.Address is null) wishes.MaxOutputTokenCount = question.MaxTokens;
        else wishes.Patch.Set("$.max_tokens"u8, question.MaxTokens);
        return wishes;
    }
#pragma warning restore SCME0001
}
