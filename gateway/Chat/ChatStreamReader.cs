using System.Text;
using System.Threading.Channels;
using MedCor.ChatStreams;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.Gateway.Chat;

/// <summary>
/// One call as it is told, for all of its readers at this gateway: read from Redis once, from the first event on, and kept while anybody reads. A reader is nothing but a place in it,
/// so a slow one holds up nobody, and all see the same.
/// </summary>
internal sealed class ChatStreamReader : IDisposable
{
    private const int ReadBatchSize = 1000;

    /// <summary>A silent call is looked at this often, whatever was heard: hints go missing, and runners die.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>Redis may be away for so long without readers being sent away.</summary>
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(5);

    private static readonly ChatRunEnd Unreachable = new("The answer cannot be read at present. Come back with Last-Event-ID to go on.", ChatErrorCodes.Server, Retryable: true);

    private readonly Lock _turn = new();
    private readonly List<byte[]> _frames = [];
    private readonly StringBuilder _text = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly CancellationToken _stopping;
    private TaskCompletionSource _changed = New();
    private bool _hasEnded;
    private byte[]? _failureFrame;

    public ChatStreamReader(Guid call, ChatStreamStore streams, TimeProvider clock, ILogger log)
    {
        _stopping = _disposed.Token;
        _ = ReadRunAsync(call, streams, clock, log);
    }

    /// <summary>Whether it ended for a reason of its own, and the call may go on.</summary>
    public bool HasFailed
    {
        get
        {
            lock (_turn) return _failureFrame is not null;
        }
    }

    /// <summary>How many read. Counted by who hands it out.</summary>
    public int Readers { get; set; }

    /// <summary>
    /// The frames behind a number, as many as there are by now but no more than so many; whether those are all there will ever be; and what completes when there are more.
    /// An end that is not the call's own comes behind whatever number.
    /// </summary>
    public (IReadOnlyList<byte[]> Frames, bool IsEnd, Task More) ReadAfter(long number, int maxFrames)
    {
        lock (_turn)
        {
            var from = (int)Math.Min(number, _frames.Count);
            var there = number > _frames.Count ? [] : _frames.GetRange(from, Math.Min(maxFrames, _frames.Count - from));
            var isEnd = _hasEnded && number + there.Count >= _frames.Count;
            if (isEnd && _failureFrame is not null) there.Add(_failureFrame);
            // Who claims to have had more than there ever was is still to hear how it ended.
            else if (isEnd && number > _frames.Count) there.Add(_frames[^1]);
            return (there, isEnd, _changed.Task);
        }
    }

    private async Task ReadRunAsync(Guid call, ChatStreamStore streams, TimeProvider clock, ILogger log)
    {
        // One hint that waits stands for any number.
        var hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        IDisposable? heard = null;
        var answered = clock.GetTimestamp();
        var (last, isOver) = (0L, false);
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                try
                {
                    heard ??= await streams.SubscribeAsync(call, () => hints.Writer.TryWrite(true));
                    var events = await streams.ReadAsync(call, last, ReadBatchSize);
                    if (Add(events)) return;
                    if (events.Count > 0) last = events[^1].Number;
                    else if (isOver)
                    {
                        // Redis has lost more than its readers have seen. What Chat has kept is there when they come back.
                        Add(ChatFrame.End(null, ChatRunState.Error, "", Unreachable));
                        return;
                    }
                    else isOver = (await streams.FailIfOrphanedAsync(call)).State != ChatRunState.Started;
                    // A Redis that is read from and takes no writes is away as well.
                    answered = clock.GetTimestamp();
                    if (isOver || events.Count == ReadBatchSize) continue;
                }
                catch (Exception e) when (e is RedisException or TimeoutException)
                {
                    if (clock.GetElapsedTime(answered) > RedisTimeout)
                    {
                        log.LogWarning("An answer cannot be read: {Kind}", e.GetType().Name);
                        Add(ChatFrame.End(null, ChatRunState.Error, "", Unreachable));
                        return;
                    }
                }
                await WaitForHintAsync(hints.Reader, clock);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any more.
        }
        catch (Exception e) // whatever it is: readers are not to wait for what will not come
        {
            log.LogError("An answer cannot be read: {Kind}\n{Stack}", e.GetType().FullName, e.StackTrace);
            Add(ChatFrame.End(null, ChatRunState.Error, "", Unreachable));
        }
        finally
        {
            heard?.Dispose();
        }
    }

    /// <summary>Waits until something may have been told.</summary>
    private async Task WaitForHintAsync(ChannelReader<bool> hints, TimeProvider clock)
    {
        try
        {
            await hints.ReadAsync(_stopping).AsTask().WaitAsync(PollInterval, clock, _stopping);
        }
        catch (TimeoutException)
        {
            // Time for a look of one's own.
        }
    }

    /// <summary>Adds what was told. True when that was the end of it.</summary>
    private bool Add(IReadOnlyList<ChatStreamEvent> events)
    {
        if (events.Count == 0) return false;
        lock (_turn)
        {
            foreach (var told in events)
            {
                _text.Append(told.Text);
                _hasEnded = told.State != ChatRunState.Started;
                _frames.Add(_hasEnded ? ChatFrame.End(told.Number, told.State, _text.ToString(), told.End) : ChatFrame.Partial(told.Number, told.Text));
            }
            Wake();
            return _hasEnded;
        }
    }

    /// <summary>Adds an end that is not the call's.</summary>
    private void Add(byte[] end)
    {
        lock (_turn)
        {
            (_failureFrame, _hasEnded) = (end, true);
            Wake();
        }
    }

    private void Wake()
    {
        _changed.SetResult();
        _changed = New();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose()
    {
        _disposed.Cancel();
        _disposed.Dispose();
    }
}
