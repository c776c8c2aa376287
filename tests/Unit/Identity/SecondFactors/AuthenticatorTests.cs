using MedCor.Identity.SecondFactors;

namespace MedCor.Tests.Unit.Identity.SecondFactors;

public class AuthenticatorTests
{
    private static readonly byte[] Secret = "12345678901234567890"u8.ToArray();

    /// <summary>The last six digits of the values for SHA-1 in RFC 6238, appendix B.</summary>
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void The_codes_are_those_of_RFC_6238(long seconds, string code)
    {
        Assert.Equal(seconds / 30, Authenticator.FindStep(Secret, code, DateTimeOffset.FromUnixTimeSeconds(seconds)));
        Assert.Equal(code, TestAuthenticator.Compute(Secret, seconds / 30));
    }

    [Theory]
    [InlineData(-60, false)]
    [InlineData(-30, true)]
    [InlineData(30, true)]
    [InlineData(60, false)]
    public void A_clock_may_be_half_a_minute_off(int difference, bool isAccepted)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1111111111);

        Assert.Equal(isAccepted, Authenticator.FindStep(Secret, "050471", now.AddSeconds(difference)) is not null);
    }

    [Fact]
    public void The_address_for_apps_names_MedCor_and_the_user() => Assert.Equal(
        "otpauth://totp/MedCor:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=MedCor&algorithm=SHA1&digits=6&period=30",
        Authenticator.GetUri(Secret, "ada@example.org"));
}
