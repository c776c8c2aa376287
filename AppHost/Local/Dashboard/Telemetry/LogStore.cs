namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>
/// Which lines are looked for: of this level or a graver one, with the text in the message, the category or a value. What is null is
/// not asked for.
/// </summary>
internal sealed record LogQuery(string? Service, LogLevel Level, string? Text, string? TraceId)
{
    public bool Matches(LogRecord record) =>
        record.Level >= Level
        && (Service is null || record.Source.Service == Service)
        && (TraceId is null || record.TraceId == TraceId)
        && (Text is null || Contains(record.Message) || Contains(record.Category) || record.Attributes.Any(attribute => Contains(attribute.Value)));

    private bool Contains(string text) => text.Contains(Text!, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The lines that came last, as many as fit.</summary>
internal sealed class LogStore(int most, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<LogRecord> _records = new();
    private long _bytes;
    private long _dropped;

    public void Add(IReadOnlyList<LogRecord> records)
    {
        lock (_lock)
        {
            foreach (var record in records)
            {
                _records.Enqueue(record);
                _bytes += record.Size;
                while (_records.Count > most || _bytes > mostBytes)
                {
                    _bytes -= _records.Dequeue().Size;
                    _dropped++;
                }
            }
        }
    }

    /// <summary>The newest of those that match and came after that many others, oldest first; how many have come in all, and how many had to go.</summary>
    public Found Find(LogQuery query, long after, int most)
    {
        lock (_lock)
        {
            var fresh = _records.Skip((int)Math.Clamp(after - _dropped, 0, _records.Count));
            return new Found([.. fresh.Where(query.Matches).TakeLast(most).OrderBy(record => record.Time)], _dropped + _records.Count, _dropped);
        }
    }

    /// <summary>All services that occur.</summary>
    public IReadOnlyCollection<string> Services()
    {
        lock (_lock)
        {
            return new SortedSet<string>(_records.Select(record => record.Source.Service), StringComparer.Ordinal);
        }
    }

    internal sealed record Found(IReadOnlyList<LogRecord> Records, long Last, long Dropped);
}
