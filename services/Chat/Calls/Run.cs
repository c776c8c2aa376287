using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using System.Threading.Channels;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;
using Polly;
using Polly.Timeout;
using StackExchange.Redis;

namespace MedCor.Chat.Calls;

/// <summary>
/// One call being carried out: the model's answer is told piece by piece as it comes. What waits while pieces are being told is told with the next ones: so nothing waits
/// for more to come, and a slow Redis gets fewer, larger writes.
/// </summary>
#pragma warning disable CA1001 // Neither source holds anything, and others may end a call that has just ended: what is disposed of would throw at them.
internal sealed class Run(Asked run, string runner, RedisPatience patience, Model model, CallStreams streams, CallRecord record, TimeProvider clock, ILogger<Run> log)
{
    private const int MostPiecesAtOnce = 256;
    private const int MostPiecesWaiting = 1024;

    /// <summary>In characters; longer than any model writes at once.</summary>
    private const int LongestAnswer = 2_000_000;

    private static readonly Meter Meter = new("MedCor");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("medcor.chat.duration", "s", "How long chat calls take, by how they end.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320] });
    private static readonly Histogram<double> FirstPiece = Meter.CreateHistogram<double>("medcor.chat.first_token", "s", "How long the model takes to begin its answer.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60] });

    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource leave = new();
    private readonly StringBuilder answer = new();
    private readonly Usage usage = new();
    private readonly long began = clock.GetTimestamp();
    private long told;

    /// <summary>Somebody has ended the call; the model is let go of.</summary>
    public void Stop() => stop.Cancel();

    /// <summary>The process stops before the answer is complete.</summary>
    public void Interrupt()
    {
        leave.Cancel();
        Stop();
    }

    /// <summary>Carries the call out to its end, whatever that is.</summary>
    public async Task Execute()
    {
        var (state, ending) = await Answer();
        state = await End(state, ending);
        Duration.Record(clock.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>("outcome", state.ToString().ToUpperInvariant()));
    }

    private async Task<(CallState State, CallEnding? Ending)> Answer()
    {
        try
        {
            await Tell();
            return (CallState.Finished, null);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return leave.IsCancellationRequested ? (CallState.Error, CallEnding.Interrupted) : (CallState.Cancelled, CallEnding.Cancelled);
        }
        catch (ModelFailure failure)
        {
            log.LogWarning("The chat model failed: {Failure}", failure.Message);
            return (CallState.Error, failure.Ending);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or TimeoutRejectedException or Gone)
        {
            log.LogWarning("An answer could not be told: {Kind}", e.GetType().Name);
            return (CallState.Error, CallEnding.Lost);
        }
        catch (Exception e) // whatever it is: readers wait for an ending
        {
            log.LogError("A chat call broke: {Kind}\n{Stack}", e.GetType().FullName, e.StackTrace);
            return (CallState.Error, CallEnding.Interrupted);
        }
    }

    private async Task Tell()
    {
        // Telling may fail: then reading is to end with it.
        using var reads = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var pieces = Channel.CreateBounded<string>(new BoundedChannelOptions(MostPiecesWaiting) { SingleReader = true, SingleWriter = true });
        var reading = Read(pieces.Writer, reads.Token);
        try
        {
            var batch = new List<string>();
            while (await pieces.Reader.WaitToReadAsync(stop.Token))
            {
                while (batch.Count < MostPiecesAtOnce && pieces.Reader.TryRead(out var piece)) batch.Add(piece);
                await Tell(batch);
                batch.Clear();
            }
        }
        finally
        {
            await reads.CancelAsync();
            await reading;
        }
    }

    private async Task Read(ChannelWriter<string> pieces, CancellationToken ct)
    {
        try
        {
            var isFirst = true;
            await foreach (var piece in model.Answer(run.Question, usage, ct))
            {
                if (isFirst) FirstPiece.Record(clock.GetElapsedTime(began).TotalSeconds);
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

    private async Task Tell(List<string> pieces)
    {
        var state = await patience.Short.ExecuteAsync(async _ => await streams.Append(run.Call, runner, told + 1, pieces), stop.Token);
        if (state is null) throw new Gone();
        if (state != CallState.Started) Stop();
        stop.Token.ThrowIfCancellationRequested();
        told += pieces.Count;
        foreach (var piece in pieces) answer.Append(piece);
        if (answer.Length > LongestAnswer) throw new ModelFailure("the answer is longer than any that is passed on.", isTransient: false);
    }

    /// <summary>Ends the call. Gives how it has ended: the first ending counts, and it may have been another's.</summary>
    private async Task<CallState> End(CallState state, CallEnding? ending)
    {
        // Kept before it is told: who goes on with the conversation as soon as they have read the answer finds it there. And Redis may be away.
        var isKept = await record.Keep(run, state, ending, answer.ToString(), usage);
        CallState? by;
        try
        {
            by = (await Persistently(() => streams.End(run.Call, state, ending, told))).State;
        }
        catch (Exception e) when (e is RedisException or TimeoutException or OperationCanceledException)
        {
            log.LogWarning("The end of an answer could not be told: {Kind}", e.GetType().Name);
            return state;
        }
        // That it was stopped says that somebody has ended it, not how.
        var (kept, why) = by switch
        {
            null when state == CallState.Cancelled => (CallState.Error, CallEnding.Lost),
            CallState.Cancelled => (CallState.Cancelled, CallEnding.Cancelled),
            { } other when other != state => (other, CallEnding.Interrupted),
            _ => (state, ending),
        };
        if (kept != state) isKept = await record.Keep(run, kept, why, answer.ToString(), usage);
        if (isKept) await LeaveToTheDatabase();
        return kept;
    }

    /// <summary>Has Redis forget the call before long.</summary>
    private async Task LeaveToTheDatabase()
    {
        try
        {
            await streams.Kept(run.Call);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // It stays for a day then.
        }
    }

    /// <summary>Once in any case, then until the process stops.</summary>
    private async Task<CallEnded> Persistently(Func<Task<CallEnded>> end)
    {
        try
        {
            return await end();
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return await patience.Long.ExecuteAsync(async _ => await end(), leave.Token);
        }
    }

    /// <summary>Redis no longer has what was told of the call.</summary>
    private sealed class Gone : Exception;
}
