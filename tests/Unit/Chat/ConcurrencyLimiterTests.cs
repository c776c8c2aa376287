using MedCor.Chat.Runs;
using MedCor.Contracts;

namespace MedCor.Tests.Unit.Chat;

public class ConcurrencyLimiterTests
{
    [Fact]
    public void At_capacity_no_lease_is_granted_until_one_is_released()
    {
        var places = new ConcurrencyLimiter();
        var taken = Enumerable.Range(0, ConcurrencyLimiter.Capacity).Select(_ => places.Acquire()).ToArray();

        Assert.Throws<Unavailable>(places.Acquire);
        taken[0].Dispose();
        places.Acquire();
        Assert.Throws<Unavailable>(places.Acquire);
    }

    [Fact]
    public void A_transferred_lease_is_released_once_by_its_new_owner()
    {
        var places = new ConcurrencyLimiter();
        for (var i = 1; i < ConcurrencyLimiter.Capacity; i++) places.Acquire();
        var first = places.Acquire();
        var kept = first.Transfer();

        first.Dispose();
        Assert.Throws<Unavailable>(places.Acquire);
        kept.Dispose();
        kept.Dispose();
        places.Acquire();
        Assert.Throws<Unavailable>(places.Acquire);
    }
}
