using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Problems;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Gateway.Limits;

public sealed class WaitingBytesTests
{
    private const int Most = 96 * 1024 * 1024;
    private readonly WaitingBytes waiting = new(Options.Create(new LimitOptions { WaitingBytes = Most }));

    [Fact]
    public void Beyond_what_there_is_room_for_one_is_told_to_come_again_and_may_when_there_is()
    {
        using var large = waiting.Begin();
        large.Be(Most - 10);
        using var another = waiting.Begin();

        Assert.NotNull(Assert.Throws<Unavailable>(() => another.Be(11)).RetryAfter);
        another.Be(10);
        large.Dispose();
        another.Be(11);

        Assert.Equal(11, waiting.Now);
    }

    [Fact]
    public void Nobody_has_more_than_a_quarter_of_it_and_others_go_on()
    {
        using WaitingBytes.Held one = waiting.Begin("a"), two = waiting.Begin("a"), others = waiting.Begin("b");
        one.Be(Most / 4);

        Assert.NotNull(Assert.Throws<TooMany>(() => two.Be(1)).RetryAfter);
        others.Be(Most / 4);
        one.Be(Most / 4 - 1);
        two.Be(1);
    }

    [Fact]
    public void Who_set_room_aside_is_refused_before_and_never_after_and_gives_back_what_was_too_much()
    {
        using WaitingBytes.Held full = waiting.Begin(), change = waiting.Begin("a"), late = waiting.Begin("a");
        full.Be(Most - 100);
        change.Reserve(100);

        Assert.Throws<Unavailable>(() => late.Reserve(1));
        change.Be(50);
        Assert.Equal(Most, waiting.Now);
        change.Be(200);
        Assert.Equal(Most + 100, waiting.Now);
        change.Settle(40);

        Assert.Equal(Most - 60, waiting.Now);
    }

    [Fact]
    public void What_is_gone_is_counted_once_as_gone()
    {
        var held = waiting.Begin("a");
        held.Be(100);
        held.Be(50);

        held.Dispose();
        held.Dispose();

        Assert.Equal(0, waiting.Now);
    }
}
