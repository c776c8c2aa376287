using MedCor.Identity.Sessions;

namespace MedCor.Tests.Unit.Identity;

public sealed class LockOutTests
{
    [Fact]
    public void The_pause_grows_with_every_failure_up_to_an_hour()
    {
        Assert.All(Enumerable.Range(0, LockOut.FreeAttempts), n => Assert.Equal(TimeSpan.Zero, LockOut.LockDuration(n)));
        Assert.Equal(TimeSpan.FromSeconds(30), LockOut.LockDuration(LockOut.FreeAttempts));
        Assert.Equal(TimeSpan.FromSeconds(60), LockOut.LockDuration(LockOut.FreeAttempts + 1));
        Assert.Equal(TimeSpan.FromSeconds(120), LockOut.LockDuration(LockOut.FreeAttempts + 2));
        Assert.Equal(TimeSpan.FromHours(1), LockOut.LockDuration(LockOut.FreeAttempts + 10));
        Assert.Equal(TimeSpan.FromHours(1), LockOut.LockDuration(int.MaxValue));
    }
}
