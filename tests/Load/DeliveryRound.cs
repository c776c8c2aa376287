namespace MedCor.Load;

/// <summary>Records when each of a series of numbered events reached each subscriber.</summary>
internal sealed class DeliveryRound(int listeners, int first, int count)
{
    private readonly long[] _receivedAt = new long[listeners * count];
    private readonly long[] _occurredAt = new long[count];
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing = listeners * count;
    private int _unexpected;

    public int First => first;

    /// <summary>Gets the number of deliveries that are still missing, one per subscriber and event.</summary>
    public int Missing => Volatile.Read(ref _missing);

    /// <summary>Gets the number of deliveries that were repeated or belong to another round.</summary>
    public int Unexpected => Volatile.Read(ref _unexpected);

    /// <summary>Gets the time of the first event.</summary>
    public DateTime OccurredAt => new(_occurredAt[0], DateTimeKind.Utc);

    /// <summary>Gets the time at which the last delivery was received.</summary>
    public DateTime CompletedAt => new(_receivedAt.Max(), DateTimeKind.Utc);

    /// <summary>Gets the delay of each delivery, shortest first.</summary>
    public TimeSpan[] Delays =>
        [.. _receivedAt.Select((at, i) => (At: at, Event: i % count)).Where(h => h.At > 0)
            .Select(h => TimeSpan.FromTicks(h.At - _occurredAt[h.Event])).Order()];

    /// <summary>Records the delivery of an event to a subscriber.</summary>
    public void Record(int listener, int number, ReadOnlySpan<byte> e, DateTime now)
    {
        var index = number - first;
        if (index < 0 || index >= count || Interlocked.CompareExchange(ref _receivedAt[listener * count + index], now.Ticks, 0) != 0)
        {
            Interlocked.Increment(ref _unexpected);
            return;
        }
        // Parsed once per event, or a few times when several subscribers receive the event first at the same time.
        if (Volatile.Read(ref _occurredAt[index]) == 0) Volatile.Write(ref _occurredAt[index], NumberedEvents.TimestampOf(e).Ticks);
        if (Interlocked.Decrement(ref _missing) == 0) _completed.SetResult();
    }

    /// <summary>Waits until every subscriber has received every event, or until the time is up.</summary>
    public async Task WaitUntilComplete(TimeSpan within)
    {
        if (await Task.WhenAny(_completed.Task, Delay.For(within)) != _completed.Task)
            Console.WriteLine($"  {Missing:N0} times an event was not heard within {within.TotalSeconds:0} s");
    }
}
