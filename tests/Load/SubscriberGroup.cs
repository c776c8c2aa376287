namespace MedCor.Load;

/// <summary>Represents many subscribers, spread evenly over the gateways and over several accounts of one hospital.</summary>
internal sealed class SubscriberGroup : IAsyncDisposable
{
    private const int ConnectAtOnce = 32;

    private static readonly TimeSpan DeliveryTimeout = TimeSpan.FromSeconds(60);

    /// <summary>How long to wait after the last expected event for duplicates to arrive.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly SseClient[] _listeners;
    private volatile DeliveryRound _round = new(0, 0, 0);

    private SubscriberGroup(int size) => _listeners = new SseClient[size];

    public int Size => _listeners.Length;

    /// <summary>Gets the number of missing and unexpected deliveries.</summary>
    public int Mistakes { get; private set; }

    /// <summary>Connects all subscribers.</summary>
    public static async Task<SubscriberGroup> Connect(IReadOnlyList<Gateway> gateways, IReadOnlyList<LoadUser> accounts, int size)
    {
        var crowd = new SubscriberGroup(size);
        var connected = 0;
        await Parallel.ForAsync(0, size, new ParallelOptions { MaxDegreeOfParallelism = ConnectAtOnce }, async (i, _) =>
        {
            var account = accounts[i / gateways.Count % accounts.Count];
            crowd._listeners[i] = await SseClient.Connect(crowd._http, gateways[i % gateways.Count].LiveEvents, account.Token,
                (e, now) => crowd.Measure(i, e, now));
            if (Interlocked.Increment(ref connected) is var n && (n % 500 == 0 || n == size)) Console.WriteLine($"  {n:N0} of {size:N0} listen");
        });
        return crowd;
    }

    /// <summary>Creates numbered events and waits until all subscribers have received them.</summary>
    /// <param name="make">Creates the events, beginning with the given number.</param>
    public async Task<DeliveryRound> Measure(int count, Func<int, Task> make)
    {
        var told = _round = new DeliveryRound(Size, NumberedEvents.Reserve(count), count);
        await make(told.First);
        await told.WaitUntilComplete(DeliveryTimeout);
        if (told.Missing == Size * count) throw new MeasurementException("Nobody heard an event.");
        await Delay.For(SettleTime);
        Mistakes += told.Missing + told.Unexpected;
        return told;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in _listeners) await listener.DisposeAsync();
        _http.Dispose();
    }

    private void Measure(int listener, ReadOnlySpan<byte> e, DateTime now)
    {
        if (NumberedEvents.NumberOf(e) is >= 0 and var number) _round.Record(listener, number, e, now);
    }
}
