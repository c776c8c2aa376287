using MedCor.Identity.Authorization;
using MedCor.Identity.Hospitals;

namespace MedCor.Tests.Unit.Identity;

public sealed class BrowserLogInsTests
{
    [Theory]
    [InlineData(10_080, 720, 480)]
    [InlineData(15, 720, 15)]
    [InlineData(10_080, 1, 60)]
    public void A_login_in_a_browser_is_good_for_eight_hours_or_for_less_by_the_rules_of_the_hospital(int idleMinutes, int maxHours, int minutes)
    {
        var policy = new SignInPolicy { HospitalId = Guid.Empty, AcceptsChosenPasswords = false, IdleMinutes = idleMinutes, MaxSessionHours = maxHours };

        Assert.Equal(TimeSpan.FromMinutes(minutes), BrowserLogIns.GetLifetime(policy));
    }
}
