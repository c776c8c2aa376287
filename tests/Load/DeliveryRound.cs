namespace MedCor.Load;

/// <summary>Some numbered events, and when each of the listeners heard each.</summary>
internal sealed class DeliveryRound(int listeners, int first, int count)
{
    private readonly long[] _receivedAt = new long[listeners * count];
    private readonly long[] _occurredAt = new long[count];
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing = listeners * count;
    private int _unexpected;

    public int First => first;

    /// <summary>How often a listener has not heard an event.</summary>
    public int Missing => Volatile.Read(ref _missing);

    /// <summary>How often a listener heard an event again, or one of another round.</summary>
    public int Unexpected => Volatile.Read(ref _unexpected);

    /// <summary>When the first of the events happened.</summary>
    public DateTime OccurredAt => new(_occurredAt[0], DateTimeKind.Utc);

    /// <summary>When the last event came to the last listener.</summary>
    public DateTime CompletedAt => new(_receivedAt.Max(), DateTimeKind.Utc);

    /// <summary>How long each event took to each listener, shortest first.</summary>
    public TimeSpan[] Delays => [.. _receivedAt.Select((at, i) => (At: at, Event: i % count)).Where(h => h.At > 0).Select(h => TimeSpan.FromTicks(h.At - _occurredAt[h.Event])).Order()];

    /// <summary>A listener heard an event.</summary>
    public void Record(int listener, int number, ReadOnlySpan<byte> e, DateTime now)
    {
        var index = number - first;
        if (index < 0 || index >= count || Interlocked.CompareExchange(ref _receivedAt[listener * count + index], now.Ticks, 0) != 0)
        {
            Interlocked.Increment(ref _unexpected);
            return;
        }
        // Read once, or a few times where several hear it first.
        if (Volatile.Read(ref _occurredAt[index]) == 0) Volatile.Write(ref _occurredAt[index], NumberedEvents.TimestampOf(e).Ticks);
        if (Interlocked.Decrement(ref _missing) == 0) _completed.SetResult();
    }

    /// <summary>Waits until all have heard all; not for ever.</summary>
    public async Task WaitUntilComplete(TimeSpan within)
    {
        if (await Task.WhenAny(_completed.Task, Delay.For(within)) != _completed.Task) Console.WriteLine($"  {Missing:N0} times an event was not heard within {within.TotalSeconds:0} s");
    }
}
