namespace MedCor.Load;

/// <summary>Some numbered events, and when each of the listeners heard each.</summary>
internal sealed class Round(int listeners, int first, int count)
{
    private readonly long[] heardAt = new long[listeners * count];
    private readonly long[] happenedAt = new long[count];
    private readonly TaskCompletionSource allHeard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int missing = listeners * count;
    private int astray;

    public int First => first;

    /// <summary>How often a listener has not heard an event.</summary>
    public int Missing => Volatile.Read(ref missing);

    /// <summary>How often a listener heard an event again, or one of another round.</summary>
    public int Astray => Volatile.Read(ref astray);

    /// <summary>When the first of the events happened.</summary>
    public DateTime Happened => new(happenedAt[0], DateTimeKind.Utc);

    /// <summary>When the last event came to the last listener.</summary>
    public DateTime Ended => new(heardAt.Max(), DateTimeKind.Utc);

    /// <summary>How long each event took to each listener, shortest first.</summary>
    public TimeSpan[] Delays => [.. heardAt.Select((at, i) => (At: at, Event: i % count)).Where(h => h.At > 0).Select(h => TimeSpan.FromTicks(h.At - happenedAt[h.Event])).Order()];

    /// <summary>A listener heard an event.</summary>
    public void Hear(int listener, int number, ReadOnlySpan<byte> e, DateTime now)
    {
        var index = number - first;
        if (index < 0 || index >= count || Interlocked.CompareExchange(ref heardAt[listener * count + index], now.Ticks, 0) != 0)
        {
            Interlocked.Increment(ref astray);
            return;
        }
        // Read once, or a few times where several hear it first.
        if (Volatile.Read(ref happenedAt[index]) == 0) Volatile.Write(ref happenedAt[index], Numbered.HappenedAt(e).Ticks);
        if (Interlocked.Decrement(ref missing) == 0) allHeard.SetResult();
    }

    /// <summary>Waits until all have heard all; not for ever.</summary>
    public async Task AllHeard(TimeSpan within)
    {
        if (await Task.WhenAny(allHeard.Task, Pause.For(within)) != allHeard.Task) Console.WriteLine($"  {Missing:N0} times an event was not heard within {within.TotalSeconds:0} s");
    }
}
