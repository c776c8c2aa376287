using System.Collections.Concurrent;

namespace MedCor.Gateway.Limits;

/// <summary>Counts how many there are of each. What there is none of takes no memory.</summary>
internal sealed class KeyedCounter<T> where T : notnull
{
    private readonly ConcurrentDictionary<T, int> _counts = new();

    public bool IsEmpty => _counts.IsEmpty;

    /// <summary>Those of which there are any.</summary>
    public IReadOnlyCollection<T> Keys => [.. _counts.Keys];

    /// <summary>There is one more; how many there are now.</summary>
    public int Increment(T one) => _counts.AddOrUpdate(one, 1, (_, count) => count + 1);

    /// <summary>There is one less.</summary>
    public void Decrement(T one)
    {
        while (_counts.TryGetValue(one, out var count))
            if (count > 1 ? _counts.TryUpdate(one, count - 1, count) : _counts.TryRemove(new(one, count))) return;
    }
}
