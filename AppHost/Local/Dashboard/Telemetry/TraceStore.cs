namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>
/// The traces that came last, as many as fit. What nobody asked for (health checks, looks into an empty outbox) comes all the
/// time, so it has a shelf of its own, where it cannot push out requests.
/// </summary>
internal sealed class TraceStore(int mostSpans, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Trace>> _traces = [];
    private readonly Shelf _requests = new(mostSpans / 4 * 3, mostBytes / 4 * 3);
    private readonly Shelf _background = new(mostSpans / 4, mostBytes / 4);

    public void Add(IReadOnlyList<Span> spans)
    {
        lock (_lock)
        {
            foreach (var span in spans)
            {
                Add(span);
            }
        }
    }

    /// <summary>Those that match, the newest first, how many more there are, and what was dropped so far.</summary>
    public Found Find(TraceQuery query, int most)
    {
        lock (_lock)
        {
            var matching = (query.WithBackground ? _requests.Traces.Concat(_background.Traces) : _requests.Traces).Where(query.Matches).ToList();
            matching.Sort((one, other) => other.Root.Start.CompareTo(one.Root.Start));
            return new Found(
                [.. matching.Take(most).Select(trace => new Summary(trace.Id, trace.Root, trace.Outcome, [.. trace.Tools], [.. trace.Services], trace.Spans.Count))],
                matching.Count, _requests.Dropped + (query.WithBackground ? _background.Dropped : 0));
        }
    }

    /// <summary>The spans of a trace, and how many of it were left out; null when there is no such trace, or no longer.</summary>
    public (IReadOnlyList<Span> Spans, int Dropped)? Find(string id)
    {
        lock (_lock)
        {
            return _traces.TryGetValue(id, out var node) ? ([.. node.Value.Spans], node.Value.Dropped) : null;
        }
    }

    /// <summary>All tools and services that occur.</summary>
    public (IReadOnlyCollection<string> Tools, IReadOnlyCollection<string> Services) Names()
    {
        lock (_lock)
        {
            var all = _requests.Traces.Concat(_background.Traces).ToList();
            return (new SortedSet<string>(all.SelectMany(trace => trace.Tools), StringComparer.Ordinal), new SortedSet<string>(all.SelectMany(trace => trace.Services), StringComparer.Ordinal));
        }
    }

    private void Add(Span span)
    {
        if (!_traces.TryGetValue(span.TraceId, out var node))
        {
            _traces[span.TraceId] = node = new LinkedListNode<Trace>(new Trace(span.TraceId));
        }
        else
        {
            ShelfOf(node.Value).Lift(node);
        }

        // It may have become a request by this.
        node.Value.Add(span);
        foreach (var dropped in ShelfOf(node.Value).Put(node))
        {
            _traces.Remove(dropped.Id);
        }
    }

    private Shelf ShelfOf(Trace trace) => trace.IsRequest ? _requests : _background;

    internal sealed record Summary(string Id, Span Root, Outcome Outcome, string[] Tools, string[] Services, int Spans);

    internal sealed record Found(IReadOnlyList<Summary> Traces, int Total, long Dropped);

    /// <summary>Traces in the order in which their newest spans came.</summary>
    private sealed class Shelf(int mostSpans, long mostBytes)
    {
        private int _spans;
        private long _bytes;

        public LinkedList<Trace> Traces { get; } = new();

        /// <summary>How many traces had to go.</summary>
        public long Dropped { get; private set; }

        public void Lift(LinkedListNode<Trace> node)
        {
            Traces.Remove(node);
            _spans -= node.Value.Spans.Count;
            _bytes -= node.Value.Size;
        }

        /// <summary>Puts a trace last; what had to go for it, which is never itself.</summary>
        public List<Trace> Put(LinkedListNode<Trace> node)
        {
            Traces.AddLast(node);
            _spans += node.Value.Spans.Count;
            _bytes += node.Value.Size;
            List<Trace> dropped = [];
            while ((_spans > mostSpans || _bytes > mostBytes) && Traces.First != node)
            {
                dropped.Add(Traces.First!.Value);
                Lift(Traces.First);
                Dropped++;
            }

            return dropped;
        }
    }
}
