using MedCor.Identity.Passwords;

namespace MedCor.Tests.Identity.Passwords;

public class PasswordPolicyTests
{
    [Theory]
    [InlineData("Demo-Medcor-2026")]
    [InlineData("SecurePass123!")]
    [InlineData("Test123!")]
    [InlineData("nur kleine buchstaben")]
    [InlineData("ünï¢ødé✓✓")]
    public void Passwords_need_no_composition(string password) => Assert.Null(PasswordPolicy.WhatIsWrong(password, "test@example.com", "Test", "Patient"));

    [Theory]
    [InlineData("password1")]
    [InlineData("PassWord1")]
    [InlineData("12345678")]
    [InlineData("qwertyuiop")]
    [InlineData("P@ssw0rd")]
    [InlineData("iloveyou")]
    public void Breached_ones_are_refused_whatever_their_case(string password) => Assert.Contains("breaches", PasswordPolicy.WhatIsWrong(password));

    [Theory]
    [InlineData("katrin.vogel@general.example")]
    [InlineData("Katrin.Vogel!")]
    [InlineData("xxSommerfeldxx")]
    [InlineData("1990Antonia")]
    public void Ones_that_contain_the_own_name_or_address_are_refused(string password) =>
        Assert.Contains("own name", PasswordPolicy.WhatIsWrong(password, "katrin.vogel@general.example", "Antonia", "Sommerfeld"));

    [Fact]
    public void A_short_name_may_occur_in_a_password() => Assert.Null(PasswordPolicy.WhatIsWrong("Lantern-Anker-9", "x@y.example", "Ann", "Lee"));
}
