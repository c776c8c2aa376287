namespace MedCor.Contracts;

/// <summary>Represents a period in which a doctor or a hospital was active.</summary>
/// <param name="To">The time at which the period ended; null while it lasts.</param>
public sealed record ActivePeriod(DateTimeOffset From, DateTimeOffset? To = null);

/// <summary>
/// Represents the periods in which a doctor or a hospital was active, the earliest first. Beyond <see cref="MaxPeriods"/>, the two earliest become one.
/// </summary>
public sealed record ActivePeriods(IReadOnlyList<ActivePeriod> Periods)
{
    /// <summary>The maximum number of periods, all of which every event about the doctor or hospital contains.</summary>
    public const int MaxPeriods = 100;

    /// <summary>Gets the value for a doctor or hospital that was never active.</summary>
    public static ActivePeriods None { get; } = new([]);

    /// <summary>Returns the periods of a doctor or hospital that is active, or inactive, from now on.</summary>
    public ActivePeriods Continue(bool isActive, DateTimeOffset now) => (Periods, isActive) switch
    {
        ([.., { To: null } last], false) => new([.. Periods.SkipLast(1), last with { To = now }]),
        ({ Count: >= MaxPeriods } and [var first, var second, .., { To: not null }], true) =>
            new([first with { To = second.To }, .. Periods.Skip(2), new(now)]),
        ([] or [.., { To: not null }], true) => new([.. Periods, new(now)]),
        _ => this,
    };
}
