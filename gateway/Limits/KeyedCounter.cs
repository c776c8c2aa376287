using System.Collections.Concurrent;

namespace MedCor.Gateway.Limits;

/// <summary>Counts items by key. A key whose count is zero uses no memory.</summary>
internal sealed class KeyedCounter<T> where T : notnull
{
    private readonly ConcurrentDictionary<T, int> _counts = new();

    public bool IsEmpty => _counts.IsEmpty;

    /// <summary>Gets the keys whose count is not zero.</summary>
    public IReadOnlyCollection<T> Keys => [.. _counts.Keys];

    /// <summary>Increments the count of a key and returns the new count.</summary>
    public int Increment(T key) => _counts.AddOrUpdate(key, 1, (_, count) => count + 1);

    /// <summary>Decrements the count of a key.</summary>
    public void Decrement(T key)
    {
        while (_counts.TryGetValue(key, out var count))
            if (count > 1 ? _counts.TryUpdate(key, count - 1, count) : _counts.TryRemove(new(key, count))) return;
    }
}
