using MedCor.Contracts;
using MedCor.Gateway.Limits;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Unit.Gateway;

public sealed class BufferedBytesLimiterTests
{
    private const int Most = 96 * 1024 * 1024;
    private readonly BufferedBytesLimiter _waiting = new(Options.Create(new LimitOptions { MaxBufferedBytes = Most }));

    [Fact]
    public void Requests_beyond_the_limit_are_told_to_retry_and_succeed_later()
    {
        using var large = _waiting.CreateLease();
        large.Resize(Most - 10);
        using var another = _waiting.CreateLease();

        Assert.NotNull(Assert.Throws<Unavailable>(() => another.Resize(11)).RetryAfter);
        another.Resize(10);
        large.Dispose();
        another.Resize(11);

        Assert.Equal(11, _waiting.CurrentBytes);
    }

    [Fact]
    public void No_caller_takes_more_than_a_quarter_and_others_continue()
    {
        using BufferedBytesLimiter.BufferLease one = _waiting.CreateLease("a"), two = _waiting.CreateLease("a"), others = _waiting.CreateLease("b");
        one.Resize(Most / 4);

        Assert.NotNull(Assert.Throws<RateLimited>(() => two.Resize(1)).RetryAfter);
        others.Resize(Most / 4);
        one.Resize(Most / 4 - 1);
        two.Resize(1);
    }

    [Fact]
    public void A_reservation_is_refused_only_in_advance_and_returns_what_it_does_not_use()
    {
        using BufferedBytesLimiter.BufferLease full = _waiting.CreateLease(), change = _waiting.CreateLease("a"), late = _waiting.CreateLease("a");
        full.Resize(Most - 100);
        change.Reserve(100);

        Assert.Throws<Unavailable>(() => late.Reserve(1));
        change.Resize(50);
        Assert.Equal(Most, _waiting.CurrentBytes);
        change.Resize(200);
        Assert.Equal(Most + 100, _waiting.CurrentBytes);
        change.TrimReservation(40);

        Assert.Equal(Most - 60, _waiting.CurrentBytes);
    }

    [Fact]
    public void A_released_lease_is_counted_once()
    {
        var held = _waiting.CreateLease("a");
        held.Resize(100);
        held.Resize(50);

        held.Dispose();
        held.Dispose();

        Assert.Equal(0, _waiting.CurrentBytes);
    }
}
