using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>
/// What one process has sent of one metric with the same labels, in steps of time. A step in which nothing changed takes no
/// memory. Counters and histograms go on where their process began anew. Not for several threads.
/// </summary>
internal sealed class Series(Source source, Metric metric, Attribute[] labels, double[] bounds)
{
    private readonly List<(long Step, double[] Values)> _points = [];

    // The last one that was dropped: until the oldest that is left, its value held.
    private (long Step, double[] Values)? _before;

    private double[] _sent = [];
    private double[] _sentBefore = [];

    public Source Source => source;

    public Metric Metric => metric;

    public Attribute[] Labels => labels;

    public double[] Bounds => bounds;

    /// <summary>The step in which it was sent last.</summary>
    public long LastSeen { get; private set; }

    public int Points => _points.Count;

    public double[] Last => _points[^1].Values;

    /// <summary>About how much memory it takes without its points, and each of these, in bytes.</summary>
    public long Size => 300 + Text.Size(metric.Name, metric.Description, metric.Unit) + Text.Size(labels) + (8 * bounds.Length);

    public long PointSize => 80 + (8 * (bounds.Length + 3));

    public string? this[string label] => Array.Find(labels, one => one.Key == label).Value;

    /// <summary>Takes a value; true when that made a point.</summary>
    public bool Append(long step, double[] values)
    {
        LastSeen = step;
        var now = metric.Kind == MetricKind.Gauge ? values : GoneOn(values);
        if (_points.Count > 0 && Last.AsSpan().SequenceEqual(now))
        {
            return false;
        }

        if (_points.Count > 0 && _points[^1].Step == step)
        {
            _points[^1] = (step, now);
            return false;
        }

        _points.Add((step, now));
        return true;
    }

    /// <summary>Drops the oldest point, but not the last one that there is; false when it is that one.</summary>
    public bool DropOldest()
    {
        if (_points.Count < 2)
        {
            return false;
        }

        _before = _points[0];
        _points.RemoveAt(0);
        return true;
    }

    /// <summary>
    /// Values at the end of each of so many spans of time, of <paramref name="width"/> steps each; of counters and histograms,
    /// what was added within it. Null where nothing was sent.
    /// </summary>
    public double[]?[] Over(long from, int width, int count)
    {
        var result = new double[]?[count];
        List<(long Step, double[] Values)> points = _before is { } before ? [before, .. _points] : _points;
        double[]? at = null;
        var index = 0;
        for (var span = -1; span < count; span++)
        {
            var (begin, end) = (from + (span * (long)width), from + ((span + 1L) * width));
            var earlier = at;
            for (; index < points.Count && points[index].Step < end; index++)
            {
                at = points[index].Values;
            }

            if (span < 0 || at is null || LastSeen < begin)
            {
                continue;
            }

            // A count without an earlier one began then with nothing, unless the earlier one was dropped.
            result[span] = metric.Kind == MetricKind.Gauge ? at
                : earlier is not null ? [.. at.Zip(earlier, (now, then) => now - then)]
                : _before is null ? at : null;
        }

        return result;
    }

    /// <summary>What was counted on the whole: a process that began anew counts from nothing, and says less than before.</summary>
    private double[] GoneOn(double[] values)
    {
        if (_sent.Length != values.Length || values[0] < _sent[0])
        {
            _sentBefore = _points.Count > 0 && Last.Length == values.Length ? Last : new double[values.Length];
        }

        _sent = values;
        return [.. values.Zip(_sentBefore, (now, before) => now + before)];
    }
}
