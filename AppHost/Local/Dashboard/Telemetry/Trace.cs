namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>What has come so far of one trace. Not for several threads.</summary>
internal sealed class Trace(string id)
{
    // A trace that never ends, such as one of a loop, would else push out all others.
    private const int MostSpans = 2000;
    private const long MostBytes = 8 * 1024 * 1024;

    private readonly List<Span> _spans = [];
    private readonly SortedSet<string> _services = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _tools = new(StringComparer.Ordinal);

    public string Id => id;

    public IReadOnlyList<Span> Spans => _spans;

    public IReadOnlyCollection<string> Services => _services;

    /// <summary>The tools that were called in it; of a batch there are several.</summary>
    public IReadOnlyCollection<string> Tools => _tools;

    public long Size { get; private set; }

    /// <summary>How many spans were left out.</summary>
    public int Dropped { get; private set; }

    /// <summary>Whether somebody's request is in it; else it is of a service's own doing, such as a look into the outbox.</summary>
    public bool IsRequest { get; private set; }

    public Outcome Outcome { get; private set; }

    /// <summary>The first span by its time: parents begin before their children. While that has not ended, it is one of its children.</summary>
    public Span Root { get; private set; } = null!;

    public void Add(Span span)
    {
        if (_spans.Count == MostSpans || Size > MostBytes)
        {
            Dropped++;
            return;
        }

        _spans.Add(span);
        Size += span.Size;
        _services.Add(span.Source.Service);
        if (span.Tool is { } tool)
        {
            _tools.Add(tool);
        }

        IsRequest |= span.IsRequest;
        Outcome = span.Outcome > Outcome ? span.Outcome : Outcome;
        Root = _spans.Count == 1 || span.Start < Root.Start || (span.Start == Root.Start && span.ParentId.Length == 0) ? span : Root;
    }
}
