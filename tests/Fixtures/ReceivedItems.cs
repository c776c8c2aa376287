namespace MedCor.Tests.Fixtures;

/// <summary>Collects what a connection receives, so that a test can wait for it.</summary>
/// <param name="describe">Returns the text with which a failure lists an item.</param>
public sealed class ReceivedItems<T>(Func<T, string> describe) where T : class
{
    private readonly Lock _sync = new();
    private readonly List<T> _items = [];
    private readonly HashSet<T> _consumed = new(ReferenceEqualityComparer.Instance);
    private TaskCompletionSource _changed = NewSource();
    private string? _end;

    /// <summary>Gets the items received so far, in order.</summary>
    public IReadOnlyList<T> All
    {
        get
        {
            lock (_sync) return [.. _items];
        }
    }

    public void Add(T item)
    {
        lock (_sync)
        {
            _items.Add(item);
            Notify();
        }
    }

    /// <summary>Records that the connection receives nothing more.</summary>
    /// <param name="end">What ended it, for the message of a failure.</param>
    public void End(string end)
    {
        lock (_sync)
        {
            _end = end;
            Notify();
        }
    }

    /// <summary>
    /// Waits for and returns the next item that matches, among those that no earlier call has returned. Fails when none arrives in time or before the end of
    /// the connection.
    /// </summary>
    public async Task<T> Next(Func<T, bool> predicate, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        while (true)
        {
            Task changed;
            lock (_sync)
            {
                if (_items.FirstOrDefault(item => !_consumed.Contains(item) && predicate(item)) is { } found)
                {
                    _consumed.Add(found);
                    return found;
                }
                if (_end is not null) Fail($"before {_end}");
                changed = _changed.Task;
            }
            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Fail($"within {timeout.TotalSeconds:0} s");
            }
        }
    }

    private void Fail(string when) => Assert.Fail($"Not received {when}. Received:\n{string.Join('\n', All.Select(describe))}");

    private void Notify()
    {
        _changed.SetResult();
        _changed = NewSource();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
