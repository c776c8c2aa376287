using System.Text;
using System.Threading.Channels;
using MedCor.ChatStreams;
using MedCor.Contracts.Chat;
using StackExchange.Redis;

namespace MedCor.Gateway.Chat;

/// <summary>
/// Reads the events of one call from Redis, once for all of its clients at this gateway, from the first event on, and buffers them while any client reads.
/// A client holds only a position in the buffer, so a slow client delays no other, and all clients see the same events.
/// </summary>
internal sealed partial class ChatStreamReader : IDisposable
{
    private const int ReadBatchSize = 1000;

    /// <summary>The interval at which a call without events is polled even without a notification: notifications can be lost, and workers can crash.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    /// <summary>Specifies the time for which Redis may be unavailable before the clients' streams end.</summary>
    private static readonly TimeSpan RedisTimeout = TimeSpan.FromSeconds(5);

    private static readonly ChatRunEnd Unreachable = new("The answer cannot be read at the moment. Reconnect with Last-Event-ID to resume.",
        ChatErrorCodes.Server, Retryable: true);

    private readonly Lock _lock = new();
    private readonly List<byte[]> _frames = [];
    private readonly StringBuilder _text = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly CancellationToken _stopping;
    private TaskCompletionSource _changed = New();
    private bool _hasEnded;
    private byte[]? _failureFrame;

    public ChatStreamReader(Guid runId, ChatStreamStore streams, TimeProvider clock, ILogger log)
    {
        _stopping = _disposed.Token;
        _ = ReadRunAsync(runId, streams, clock, log);
    }

    /// <summary>Gets whether reading failed, in which case the call itself may still be running.</summary>
    public bool HasFailed
    {
        get
        {
            lock (_lock) return _failureFrame is not null;
        }
    }

    /// <summary>Gets or sets the number of clients. The owner of this reader maintains the count.</summary>
    public int Readers { get; set; }

    /// <summary>
    /// Returns the available frames after an event number, up to a maximum count; whether they are the last ones; and a task that completes when there are
    /// more. The frame that reports a read failure follows any event number.
    /// </summary>
    public (IReadOnlyList<byte[]> Frames, bool IsEnd, Task More) ReadAfter(long number, int maxFrames)
    {
        lock (_lock)
        {
            var from = (int)Math.Min(number, _frames.Count);
            var frames = number > _frames.Count ? [] : _frames.GetRange(from, Math.Min(maxFrames, _frames.Count - from));
            var isEnd = _hasEnded && number + frames.Count >= _frames.Count;
            if (isEnd && _failureFrame is not null) frames.Add(_failureFrame);
            // A client that sends an event number greater than the last one still receives the end of the call.
            else if (isEnd && number > _frames.Count) frames.Add(_frames[^1]);
            return (frames, isEnd, _changed.Task);
        }
    }

    private async Task ReadRunAsync(Guid runId, ChatStreamStore streams, TimeProvider clock, ILogger log)
    {
        // One pending notification stands for any number of them.
        var hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        IDisposable? subscription = null;
        var lastSuccessAt = clock.GetTimestamp();
        var (last, isOver) = (0L, false);
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                try
                {
                    subscription ??= await streams.SubscribeAsync(runId, () => hints.Writer.TryWrite(true));
                    var events = await streams.ReadAsync(runId, last, ReadBatchSize);
                    if (Add(events)) return;
                    if (events.Count > 0) last = events[^1].Number;
                    else if (isOver)
                    {
                        // Redis has lost events that the clients have not seen yet. When they reconnect, they receive the answer that Chat has saved.
                        Add(ChatFrame.End(null, ChatRunState.Error, "", Unreachable));
                        return;
                    }
                    else isOver = (await streams.FailIfOrphanedAsync(runId)).State != ChatRunState.Started;
                    // Updated after the write above: a Redis that serves reads but refuses writes also counts as unavailable.
                    lastSuccessAt = clock.GetTimestamp();
                    if (isOver || events.Count == ReadBatchSize) continue;
                }
                catch (Exception e) when (e is RedisException or TimeoutException)
                {
                    if (clock.GetElapsedTime(lastSuccessAt) > RedisTimeout)
                    {
                        LogReadFailed(log, e.GetType().Name);
                        Add(ChatFrame.End(null, ChatRunState.Error, "", Unreachable));
                        return;
                    }
                }
                await WaitForHintAsync(hints.Reader, clock);
            }
        }
        catch (OperationCanceledException)
        {
            // The last client has disconnected.
        }
        catch (Exception e) // any error: clients must not wait for events that will not come
        {
            LogReaderFailed(log, e.GetType().FullName, e.StackTrace);
            Add(ChatFrame.End(null, ChatRunState.Error, "", Unreachable));
        }
        finally
        {
            subscription?.Dispose();
        }
    }

    /// <summary>Waits for a notification of new events, or until <see cref="PollInterval"/> has passed.</summary>
    private async Task WaitForHintAsync(ChannelReader<bool> hints, TimeProvider clock)
    {
        try
        {
            await hints.ReadAsync(_stopping).AsTask().WaitAsync(PollInterval, clock, _stopping);
        }
        catch (TimeoutException)
        {
            // Poll without a notification.
        }
    }

    /// <summary>Adds events to the buffer. Returns true when the last one ends the call.</summary>
    private bool Add(IReadOnlyList<ChatStreamEvent> events)
    {
        if (events.Count == 0) return false;
        lock (_lock)
        {
            foreach (var chatEvent in events)
            {
                _text.Append(chatEvent.Text);
                _hasEnded = chatEvent.State != ChatRunState.Started;
                _frames.Add(_hasEnded ? ChatFrame.End(chatEvent.Number, chatEvent.State, _text.ToString(), chatEvent.End)
                    : chatEvent.Data is { } data ? ChatFrame.Data(chatEvent.Number, data)
                    : ChatFrame.Partial(chatEvent.Number, chatEvent.Text));
            }
            Wake();
            return _hasEnded;
        }
    }

    /// <summary>Adds a frame that ends the stream because reading failed.</summary>
    private void Add(byte[] end)
    {
        lock (_lock)
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

    [LoggerMessage(6050, LogLevel.Warning, "Redis is unavailable; the streams of an answer end with an error: {Kind}")]
    private static partial void LogReadFailed(ILogger log, string kind);

    [LoggerMessage(6051, LogLevel.Error, "Reading an answer failed; its streams end with an error: {Kind}\n{Stack}")]
    private static partial void LogReaderFailed(ILogger log, string? kind, string? stack);
}
