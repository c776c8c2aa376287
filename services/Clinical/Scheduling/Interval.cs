namespace MedCor.Clinical.Scheduling;

/// <summary>Represents an interval from an inclusive start to an exclusive end.</summary>
internal readonly record struct Interval(DateTimeOffset Start, DateTimeOffset End)
{
    internal static Interval StartingAt(DateTimeOffset from, int minutes) => new(from, from.AddMinutes(minutes));

    internal bool Overlaps(Interval other) => Start < other.End && other.Start < End;

    internal bool Contains(Interval other) => Start <= other.Start && other.End <= End;

    /// <summary>Returns the parts of this interval that the other one does not cover.</summary>
    internal IEnumerable<Interval> Subtract(Interval other)
    {
        if (!Overlaps(other))
        {
            yield return this;
            yield break;
        }
        if (Start < other.Start) yield return this with { End = other.Start };
        if (other.End < End) yield return this with { Start = other.End };
    }

    /// <summary>Returns the intervals in order, with adjacent and overlapping ones merged.</summary>
    internal static List<Interval> Merge(IEnumerable<Interval> intervals)
    {
        var joined = new List<Interval>();
        foreach (var next in intervals.OrderBy(i => i.Start))
        {
            if (joined.Count > 0 && next.Start <= joined[^1].End)
                joined[^1] = joined[^1] with { End = next.End > joined[^1].End ? next.End : joined[^1].End };
            else joined.Add(next);
        }
        return joined;
    }
}
