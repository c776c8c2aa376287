using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using MedCor.Chat.LanguageModel;
using MedCor.Chat.ToolUse;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using Polly.Timeout;
using StackExchange.Redis;

namespace MedCor.Chat.Runs;

/// <summary>
/// Executes one run: publishes the model's answer in pieces as they arrive. Pieces that arrive while others are being published are published together next: no
/// piece waits for further ones, and a slow Redis receives fewer, larger writes. Between pieces the model may call tools, in rounds.
/// </summary>
#pragma warning disable CA1001 // Neither source holds resources, and a run that has just ended may still be canceled, which would throw on a disposed source.
internal sealed partial class RunExecutor(StartedRun run, string worker, RedisRetryPolicies retryPolicies, ChatModelClient model, ChatStreamStore streams,
    ChatRunStore store, IServiceScopeFactory scopes, TimeProvider clock, ILogger<RunExecutor> log)
{
    private const int MaxBatch = 256;
    private const int MaxBuffered = 1024;

    /// <summary>The maximum length of an answer, in characters; longer than any model writes at once.</summary>
    private const int MaxAnswerLength = 2_000_000;

    private static readonly Meter Meter = new("MedCor");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("medcor.chat.duration", "s", "Duration of chat calls, by outcome.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320] });
    private static readonly Histogram<double> TimeToFirstPiece = Meter.CreateHistogram<double>("medcor.chat.first_token", "s",
        "Time until the first piece of the model's answer.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60] });

    private readonly CancellationTokenSource _cancellation = new();
    private readonly CancellationTokenSource _shutdown = new();
    private readonly StringBuilder _answer = new();
    private readonly TokenUsage _usage = new();
    private readonly long _startedAt = clock.GetTimestamp();
    private long _publishedCount;
    private (ModelRequest Request, ModelReply Reply, StringBuilder Text)? _uncounted;

    /// <summary>Stops reading from the model, because the run was ended elsewhere.</summary>
    public void Cancel() => _cancellation.Cancel();

    /// <summary>Ends the run, because the process stops before the answer is complete.</summary>
    public void Interrupt()
    {
        _shutdown.Cancel();
        Cancel();
    }

    /// <summary>Executes the run to its end, whatever that is.</summary>
    public async Task ExecuteAsync()
    {
        var (state, ending) = await ProduceAnswerAsync();
        // Whoever only asks again would have the change made twice.
        if (ending is { Retryable: true } && run.ToolUse is { HasChanged: true })
            ending = ChatRunEnd.InterruptedAfterChange with { ErrorCode = ending.ErrorCode };
        state = await EndAsync(state, ending);
        Duration.Record(clock.GetElapsedTime(_startedAt).TotalSeconds, new KeyValuePair<string, object?>("outcome", state.ToString().ToUpperInvariant()));
    }

    private async Task<(ChatRunState State, ChatRunEnd? Ending)> ProduceAnswerAsync()
    {
        try
        {
            await PublishAsync();
            return (ChatRunState.Finished, null);
        }
        catch (OperationCanceledException) when (_cancellation.IsCancellationRequested)
        {
            CountTokens(wasRead: true);
            return _shutdown.IsCancellationRequested ? (ChatRunState.Error, ChatRunEnd.Interrupted) : (ChatRunState.Cancelled, ChatRunEnd.Cancelled);
        }
        catch (ModelException failure)
        {
            CountTokens(failure.MayHaveAnswered);
            LogModelFailed(log, failure.Message);
            return (ChatRunState.Error, failure.Ending);
        }
        catch (RateLimited refusal)
        {
            CountTokens(wasRead: true);
            return (ChatRunState.Error, new(refusal.Message, ErrorCodes.RateLimit, Retryable: true, refusal.RetryAfter));
        }
        catch (Exception e) when (e is RedisException or TimeoutException or TimeoutRejectedException or StreamLostException)
        {
            CountTokens(wasRead: true);
            LogPublishFailed(log, e.GetType().Name);
            return (ChatRunState.Error, ChatRunEnd.Lost);
        }
        catch (Exception e) // any failure: readers wait for the end of the run
        {
            CountTokens(wasRead: true);
            LogRunFailed(log, e.GetType().FullName, e.StackTrace);
            return (ChatRunState.Error, ChatRunEnd.Interrupted);
        }
    }

    private async Task PublishAsync()
    {
        // Publishing may fail, and reading from the model must then stop as well.
        using var readCancellation = CancellationTokenSource.CreateLinkedTokenSource(_cancellation.Token);
        var pieces = Channel.CreateBounded<ChatPiece>(new BoundedChannelOptions(MaxBuffered) { SingleReader = true, SingleWriter = true });
        var reading = ReadAnswerAsync(pieces.Writer, readCancellation.Token);
        try
        {
            var batch = new List<ChatPiece>();
            while (await pieces.Reader.WaitToReadAsync(_cancellation.Token))
            {
                while (batch.Count < MaxBatch && pieces.Reader.TryRead(out var piece)) batch.Add(piece);
                await PublishAsync(batch);
                batch.Clear();
            }
        }
        finally
        {
            await readCancellation.CancelAsync();
            await reading;
        }
    }

    private async Task ReadAnswerAsync(ChannelWriter<ChatPiece> pieces, CancellationToken ct)
    {
        try
        {
            var isFirst = true;
            await foreach (var piece in ProduceAsync(ct))
            {
                if (isFirst) TimeToFirstPiece.Record(clock.GetElapsedTime(_startedAt).TotalSeconds);
                isFirst = false;
                await pieces.WriteAsync(piece, ct);
            }
            pieces.Complete();
        }
        catch (Exception e)
        {
            pieces.Complete(e);
        }
    }

    /// <summary>Returns the pieces of the answer, and what the model does by tools until it calls none.</summary>
    private async IAsyncEnumerable<ChatPiece> ProduceAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var request = run.Request;
        while (true)
        {
            var (reply, text) = (new ModelReply(), new StringBuilder());
            _uncounted = (request, reply, text);
            await foreach (var piece in model.StreamAnswerAsync(request, reply, ct))
            {
                text.Append(piece);
                yield return new(piece);
            }
            CountTokens(wasRead: true);
            if (reply.ToolCalls.Count == 0 || run.ToolUse is null || request.IsLastRound) yield break;

            var results = new List<string>();
            await foreach (var piece in run.ToolUse.ExecuteAsync(reply.ToolCalls, results, ct)) yield return piece;
            request = request with
            {
                Rounds = [.. request.Rounds, new(text.ToString(), reply.ToolCalls, results)],
                IsLastRound = request.Rounds.Count + 1 == ToolRounds.MaxRounds,
            };
            await ChargeRoundAsync(request);
        }
    }

    /// <summary>Counts the tokens of the latest request to the model, once.</summary>
    private void CountTokens(bool wasRead)
    {
        if (_uncounted is var (request, reply, text)) _usage.Add(request, reply, text.ToString(), wasRead);
        _uncounted = null;
    }

    /// <summary>Charges the next request to the model, before it is sent. Throws <see cref="RateLimited"/> when no tokens are left.</summary>
    private async Task ChargeRoundAsync(ModelRequest request)
    {
        await using var scope = scopes.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<TokenBudget>().ChargeRoundAsync(run.RunId, run.Owner,
            used: _usage.InputTokens!.Value + _usage.OutputTokens!.Value, foreseen: TokenEstimate.Of(request) + request.MaxTokens);
    }

    private async Task PublishAsync(List<ChatPiece> pieces)
    {
        var state = await retryPolicies.ForPieces.ExecuteAsync(async _ => await streams.AppendAsync(run.RunId, worker, _publishedCount + 1, pieces),
            _cancellation.Token);
        if (state is null) throw new StreamLostException();
        if (state != ChatRunState.Started) Cancel();
        _cancellation.Token.ThrowIfCancellationRequested();
        _publishedCount += pieces.Count;
        foreach (var piece in pieces) _answer.Append(piece.Text);
        if (_answer.Length > MaxAnswerLength) throw new ModelException("the answer exceeds the maximum length.", isTransient: false);
    }

    /// <summary>Ends the run and returns how it ended: the first end counts, and it may have been another's.</summary>
    private async Task<ChatRunState> EndAsync(ChatRunState state, ChatRunEnd? ending)
    {
        // Saved before it is published: a client that continues the conversation as soon as it has read the
        // answer finds the answer there. Redis may also be unavailable.
        var isSaved = await store.SaveAsync(run, state, ending, _answer.ToString(), _usage);
        ChatRunState? streamState;
        try
        {
            streamState = (await RetryUntilShutdownAsync(() => streams.EndAsync(run.RunId, state, ending, _publishedCount))).State;
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException)
        {
            LogEndNotPublished(log, e.GetType().Name);
            return state;
        }
        // A stopped run shows that it was ended elsewhere, but not how.
        var (finalState, finalEnding) = streamState switch
        {
            null when state == ChatRunState.Cancelled => (ChatRunState.Error, ChatRunEnd.Lost),
            ChatRunState.Cancelled => (ChatRunState.Cancelled, ChatRunEnd.Cancelled),
            { } endedState when endedState != state => (endedState, ChatRunEnd.Interrupted),
            _ => (state, ending),
        };
        if (finalState != state) isSaved = await store.SaveAsync(run, finalState, finalEnding, _answer.ToString(), _usage);
        if (isSaved) await ExpireStreamAsync();
        return finalState;
    }

    /// <summary>Lets the run expire in Redis soon.</summary>
    private async Task ExpireStreamAsync()
    {
        try
        {
            await streams.MarkSavedAsync(run.RunId);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // The run then stays in Redis for a day.
        }
    }

    /// <summary>Ends the run in Redis: tries once in any case, then retries until the process stops.</summary>
    private async Task<ChatRunEndResult> RetryUntilShutdownAsync(Func<Task<ChatRunEndResult>> end)
    {
        try
        {
            return await end();
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return await retryPolicies.ForEnding.ExecuteAsync(async _ => await end(), _shutdown.Token);
        }
    }

    /// <summary>The exception that is thrown when Redis no longer has the published events of the run.</summary>
    private sealed class StreamLostException : Exception;

    [LoggerMessage(5030, LogLevel.Warning, "The chat model failed; the call ends with an error: {Failure}")]
    private static partial void LogModelFailed(ILogger log, string failure);

    [LoggerMessage(5031, LogLevel.Warning, "Publishing an answer failed; the call ends with an error: {Kind}")]
    private static partial void LogPublishFailed(ILogger log, string kind);

    [LoggerMessage(5032, LogLevel.Error, "A chat call failed; it ends with an error: {Kind}\n{Stack}")]
    private static partial void LogRunFailed(ILogger log, string? kind, string? stack);

    [LoggerMessage(5033, LogLevel.Warning, "Publishing the end of an answer failed; reconciliation publishes it: {Kind}")]
    private static partial void LogEndNotPublished(ILogger log, string kind);
}
