using System.Text;
using System.Threading.Channels;
using MedCor.Contracts.Chat;
using MedCor.ServiceDefaults.Chats;
using StackExchange.Redis;

namespace MedCor.Gateway.Chat;

/// <summary>
/// One call as it is told, for all of its readers at this gateway: read from Redis once, from the first event on, and kept while anybody reads. A reader is nothing but a place in it,
/// so a slow one holds up nobody, and all see the same.
/// </summary>
internal sealed class CallTail : IDisposable
{
    private const int EventsAtOnce = 1000;

    /// <summary>A silent call is looked at this often, whatever was heard: hints go missing, and runners die.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromSeconds(1);

    /// <summary>Redis may be away for so long without readers being sent away.</summary>
    private static readonly TimeSpan RedisPatience = TimeSpan.FromSeconds(5);

    private static readonly CallEnding Unreachable = new("The answer cannot be read at present. Come back with Last-Event-ID to go on.", ChatErrors.Server, Retryable: true);

    private readonly Lock turn = new();
    private readonly List<byte[]> frames = [];
    private readonly StringBuilder answer = new();
    private readonly CancellationTokenSource left = new();
    private readonly CancellationToken nobodyReads;
    private TaskCompletionSource more = New();
    private bool hasEnded;
    private byte[]? lastWord;

    public CallTail(Guid call, CallStreams streams, TimeProvider clock, ILogger log)
    {
        nobodyReads = left.Token;
        _ = Follow(call, streams, clock, log);
    }

    /// <summary>Whether it ended for a reason of its own, and the call may go on.</summary>
    public bool IsBroken
    {
        get
        {
            lock (turn) return lastWord is not null;
        }
    }

    /// <summary>How many read. Counted by who hands it out.</summary>
    public int Readers { get; set; }

    /// <summary>
    /// The frames behind a number, as many as there are by now but no more than so many; whether those are all there will ever be; and what completes when there are more.
    /// An end that is not the call's own comes behind whatever number.
    /// </summary>
    public (IReadOnlyList<byte[]> Frames, bool IsEnd, Task More) After(long number, int atMost)
    {
        lock (turn)
        {
            var from = (int)Math.Min(number, frames.Count);
            var there = number > frames.Count ? [] : frames.GetRange(from, Math.Min(atMost, frames.Count - from));
            var isEnd = hasEnded && number + there.Count >= frames.Count;
            if (isEnd && lastWord is not null) there.Add(lastWord);
            // Who claims to have had more than there ever was is still to hear how it ended.
            else if (isEnd && number > frames.Count) there.Add(frames[^1]);
            return (there, isEnd, more.Task);
        }
    }

    private async Task Follow(Guid call, CallStreams streams, TimeProvider clock, ILogger log)
    {
        // One hint that waits stands for any number.
        var hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        IDisposable? heard = null;
        var answered = clock.GetTimestamp();
        var (last, isOver) = (0L, false);
        try
        {
            while (!nobodyReads.IsCancellationRequested)
            {
                try
                {
                    heard ??= await streams.Hear(call, () => hints.Writer.TryWrite(true));
                    var events = await streams.Read(call, last, EventsAtOnce);
                    if (Add(events)) return;
                    if (events.Count > 0) last = events[^1].Number;
                    else if (isOver)
                    {
                        // Redis has lost more than its readers have seen. What Chat has kept is there when they come back.
                        Add(Frame.End(null, CallState.Error, "", Unreachable));
                        return;
                    }
                    else isOver = (await streams.Bury(call)).State != CallState.Started;
                    // A Redis that is read from and takes no writes is away as well.
                    answered = clock.GetTimestamp();
                    if (isOver || events.Count == EventsAtOnce) continue;
                }
                catch (Exception e) when (e is RedisException or TimeoutException)
                {
                    if (clock.GetElapsedTime(answered) > RedisPatience)
                    {
                        log.LogWarning("An answer cannot be read: {Kind}", e.GetType().Name);
                        Add(Frame.End(null, CallState.Error, "", Unreachable));
                        return;
                    }
                }
                await Hint(hints.Reader, clock);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any more.
        }
        catch (Exception e) // whatever it is: readers are not to wait for what will not come
        {
            log.LogError("An answer cannot be read: {Kind}\n{Stack}", e.GetType().FullName, e.StackTrace);
            Add(Frame.End(null, CallState.Error, "", Unreachable));
        }
        finally
        {
            heard?.Dispose();
        }
    }

    /// <summary>Waits until something may have been told.</summary>
    private async Task Hint(ChannelReader<bool> hints, TimeProvider clock)
    {
        try
        {
            await hints.ReadAsync(nobodyReads).AsTask().WaitAsync(Glance, clock, nobodyReads);
        }
        catch (TimeoutException)
        {
            // Time for a look of one's own.
        }
    }

    /// <summary>Adds what was told. True when that was the end of it.</summary>
    private bool Add(IReadOnlyList<CallEvent> events)
    {
        if (events.Count == 0) return false;
        lock (turn)
        {
            foreach (var told in events)
            {
                answer.Append(told.Text);
                hasEnded = told.State != CallState.Started;
                frames.Add(hasEnded ? Frame.End(told.Number, told.State, answer.ToString(), told.Ending) : Frame.Piece(told.Number, told.Text));
            }
            Wake();
            return hasEnded;
        }
    }

    /// <summary>Adds an end that is not the call's.</summary>
    private void Add(byte[] end)
    {
        lock (turn)
        {
            (lastWord, hasEnded) = (end, true);
            Wake();
        }
    }

    private void Wake()
    {
        more.SetResult();
        more = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        left.Cancel();
        left.Dispose();
    }
}
