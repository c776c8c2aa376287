namespace MedCor.Clinical.Schedules;

/// <summary>A stretch of time from an instant to another that is no longer part of it.</summary>
internal readonly record struct Interval(DateTimeOffset From, DateTimeOffset Until)
{
    internal static Interval Lasting(DateTimeOffset from, int minutes) => new(from, from.AddMinutes(minutes));

    internal bool Overlaps(Interval other) => From < other.Until && other.From < Until;

    internal bool Holds(Interval other) => From <= other.From && other.Until <= Until;

    /// <summary>What is left of this without the other.</summary>
    internal IEnumerable<Interval> Without(Interval other)
    {
        if (!Overlaps(other))
        {
            yield return this;
            yield break;
        }
        if (From < other.From) yield return this with { Until = other.From };
        if (other.Until < Until) yield return this with { From = other.Until };
    }

    /// <summary>In order, with those that touch or overlap joined to one.</summary>
    internal static List<Interval> Join(IEnumerable<Interval> intervals)
    {
        var joined = new List<Interval>();
        foreach (var next in intervals.OrderBy(i => i.From))
        {
            if (joined.Count > 0 && next.From <= joined[^1].Until)
                joined[^1] = joined[^1] with { Until = next.Until > joined[^1].Until ? next.Until : joined[^1].Until };
            else joined.Add(next);
        }
        return joined;
    }
}
