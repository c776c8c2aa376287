using MedCor.Contracts;
using MedCor.Gateway.Events;
using MedCor.ServiceDefaults.Access;

namespace MedCor.Tests.Gateway.Events;

public sealed class RenewalTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Who_was_refused_is_asked_for_again_ever_sooner_until_their_token_ends()
    {
        var caller = new Caller(Guid.NewGuid(), "a@b.example", Role.Nurse, Guid.NewGuid(), Guid.NewGuid(), Now.AddHours(-1), Now.AddMinutes(1));

        Assert.Equal(Now.AddSeconds(30), Renewal.AgainFor(caller, Now));
        Assert.Equal(Now.AddSeconds(45), Renewal.AgainFor(caller, Now.AddSeconds(30)));
        Assert.Equal(Now.AddSeconds(61), Renewal.AgainFor(caller, Now.AddSeconds(56)));
    }
}
