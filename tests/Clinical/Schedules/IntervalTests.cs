using MedCor.Clinical.Schedules;

namespace MedCor.Tests.Clinical.Schedules;

public sealed class IntervalTests
{
    [Fact]
    public void Intervals_that_touch_do_not_overlap()
    {
        Assert.False(At(9, 10).Overlaps(At(10, 11)));
        Assert.False(At(10, 11).Overlaps(At(9, 10)));
        Assert.True(At(9, 11).Overlaps(At(10, 12)));
        Assert.True(At(9, 12).Overlaps(At(10, 11)));
    }

    [Fact]
    public void Taking_one_away_leaves_what_is_before_and_after_it()
    {
        Assert.Equal([At(9, 10), At(11, 12)], At(9, 12).Without(At(10, 11)));
        Assert.Equal([At(11, 12)], At(9, 12).Without(At(8, 11)));
        Assert.Equal([At(9, 12)], At(9, 12).Without(At(12, 13)));
        Assert.Empty(At(9, 12).Without(At(8, 13)));
    }

    [Fact]
    public void Those_that_touch_or_overlap_join_to_one() =>
        Assert.Equal([At(8, 12), At(13, 14)], Interval.Join([At(13, 14), At(8, 10), At(9, 11), At(11, 12), At(9, 10)]));

    private static Interval At(int from, int until) => new(Hour(from), Hour(until));

    private static DateTimeOffset Hour(int hour) => new(2027, 6, 7, hour, 0, 0, TimeSpan.Zero);
}
