using MedCor.Identity.SecondFactors;

namespace MedCor.Tests.Unit.Identity.SecondFactors;

public class AuthenticationMethodsTests
{
    [Theory]
    [InlineData("mfa", null, true)]
    [InlineData("pwd otp", null, true)]
    [InlineData("pin hwk", null, true)]
    [InlineData("fpt swk", null, true)]
    [InlineData("face sc", null, true)]
    [InlineData("pwd", "phrh", true)]
    [InlineData("", "https://refeds.org/profile/mfa", true)]
    [InlineData("otp", null, false)]
    [InlineData("hwk", null, false)]
    [InlineData("swk", null, false)]
    [InlineData("sc", null, false)]
    [InlineData("otp hwk", null, false)]
    [InlineData("pwd pin", null, false)]
    [InlineData("pwd sms", "urn:anything", false)]
    [InlineData("", null, false)]
    public void A_provider_has_asked_for_two_factors_if_it_says_so_or_names_two_of_different_kinds(string methods, string? context, bool two) =>
        Assert.Equal(two, AuthenticationMethods.HasTwoFactors(AuthenticationMethods.FromProvider(methods.Split(' '), context)));

    [Fact]
    public void A_factor_that_both_ask_for_is_named_once()
    {
        Assert.Equal("fed otp mfa", AuthenticationMethods.Continue("fed otp", AuthenticationMethods.PasswordAndCode));
        Assert.Equal("fed hwk mfa", AuthenticationMethods.AddPasskey("fed hwk", isSynced: false));
        Assert.Equal("fed pwd mfa", AuthenticationMethods.Continue("fed pwd", AuthenticationMethods.PasswordAndRecoveryCode));
    }
}
