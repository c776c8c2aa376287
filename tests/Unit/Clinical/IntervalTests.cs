using MedCor.Clinical.Scheduling;

namespace MedCor.Tests.Unit.Clinical;

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
    public void Subtracting_an_interval_leaves_the_parts_before_and_after()
    {
        Assert.Equal([At(9, 10), At(11, 12)], At(9, 12).Subtract(At(10, 11)));
        Assert.Equal([At(11, 12)], At(9, 12).Subtract(At(8, 11)));
        Assert.Equal([At(9, 12)], At(9, 12).Subtract(At(12, 13)));
        Assert.Empty(At(9, 12).Subtract(At(8, 13)));
    }

    [Fact]
    public void Touching_and_overlapping_intervals_are_merged() =>
        Assert.Equal([At(8, 12), At(13, 14)], Interval.Merge([At(13, 14), At(8, 10), At(9, 11), At(11, 12), At(9, 10)]));

    private static Interval At(int from, int until) => new(Hour(from), Hour(until));

    private static DateTimeOffset Hour(int hour) => new(2027, 6, 7, hour, 0, 0, TimeSpan.Zero);
}
