namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>
/// What was measured in the last hour, as much as fits, in steps of five seconds. Readings are placed by when they came: services
/// send each second, and no foreign clock can make a hole.
/// </summary>
internal sealed class MetricStore(int mostSeries, long mostBytes, TimeProvider clock)
{
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(5);
    private static readonly long Kept = (long)(TimeSpan.FromHours(1) / Step);

    private readonly Lock _lock = new();
    private readonly Dictionary<(Source, string Metric, string Labels), Series> _series = [];
    private readonly Queue<(Series Series, long Step)> _points = new();
    private long _bytes;
    private long _droppedEarly;

    /// <summary>The step that it is.</summary>
    public long Now => (long)((clock.GetUtcNow() - DateTimeOffset.UnixEpoch) / Step);

    /// <summary>How many points went before their hour, and readings were refused, because there was no room.</summary>
    public long Dropped
    {
        get
        {
            lock (_lock)
            {
                return _droppedEarly;
            }
        }
    }

    public void Add(IReadOnlyList<Reading> readings)
    {
        lock (_lock)
        {
            foreach (var reading in readings)
            {
                Add(reading, Now);
            }

            Trim(Now);
        }
    }

    /// <summary>What <paramref name="read"/> makes of all series, or of those of one metric.</summary>
    public T Read<T>(string? metric, Func<IEnumerable<Series>, T> read)
    {
        lock (_lock)
        {
            return read(_series.Values.Where(series => metric is null || series.Metric.Name == metric));
        }
    }

    private void Add(Reading reading, long now)
    {
        var key = (reading.Source, reading.Metric.Name, string.Join('\n', reading.Labels.OrderBy(label => label.Key, StringComparer.Ordinal)));
        if (!_series.TryGetValue(key, out var series) || !series.Bounds.AsSpan().SequenceEqual(reading.Bounds))
        {
            if (series is not null)
            {
                Remove(key, series);
            }

            if (_series.Count >= mostSeries)
            {
                Forget(now);
            }

            series = new Series(reading.Source, reading.Metric, reading.Labels, reading.Bounds);
            if (_series.Count >= mostSeries || _bytes + series.Size > mostBytes)
            {
                _droppedEarly++;
                return;
            }

            _series[key] = series;
            _bytes += series.Size;
        }

        if (series.Append(now, reading.Values))
        {
            _points.Enqueue((series, now));
            _bytes += series.PointSize;
        }
    }

    private void Trim(long now)
    {
        while (_points.TryPeek(out var oldest) && (oldest.Step < now - Kept || _bytes > mostBytes))
        {
            _points.Dequeue();
            if (oldest.Series.DropOldest())
            {
                _bytes -= oldest.Series.PointSize;
                _droppedEarly += oldest.Step < now - Kept ? 0 : 1;
            }
        }
    }

    /// <summary>Takes a series away with all its points: what has other buckets now begins anew.</summary>
    private void Remove((Source, string, string) key, Series series)
    {
        _series.Remove(key);
        _bytes -= series.Size + (series.Points * series.PointSize);
        for (var left = _points.Count; left > 0; left--)
        {
            if (_points.Dequeue() is var point && point.Series != series)
            {
                _points.Enqueue(point);
            }
        }
    }

    /// <summary>Forgets series of which nothing came for an hour, such as those of processes that are gone.</summary>
    private void Forget(long now)
    {
        foreach (var (key, series) in _series.Where(one => one.Value.LastSeen < now - Kept).ToList())
        {
            _series.Remove(key);
            _bytes -= series.Size + series.PointSize;
        }
    }
}
