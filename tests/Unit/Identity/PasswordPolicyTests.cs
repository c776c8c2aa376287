using MedCor.Identity.Passwords;

namespace MedCor.Tests.Unit.Identity;

public class PasswordPolicyTests
{
    [Theory]
    [InlineData("Demo-Medcor-2026")]
    [InlineData("SecurePass123!")]
    [InlineData("Test123!")]
    [InlineData("nur kleine buchstaben")]
    [InlineData("ünï¢ødé✓✓")]
    public void Passwords_need_no_composition(string password) => Assert.Null(PasswordPolicy.FindError(password, "test@example.com", "Test", "Patient"));

    [Theory]
    [InlineData("password1")]
    [InlineData("PassWord1")]
    [InlineData("12345678")]
    [InlineData("qwertyuiop")]
    [InlineData("P@ssw0rd")]
    [InlineData("iloveyou")]
    [InlineData("welcome2025")]
    [InlineData("trustno1k0")]
    public void Breached_ones_are_refused_whatever_their_case(string password) =>
        Assert.Contains("breaches", PasswordPolicy.FindError(password, "x@y.example", "Ann", "Lee"));

    [Theory]
    [InlineData("katrin.vogel@general.example")]
    [InlineData("Katrin.Vogel!")]
    [InlineData("xxSommerfeldxx")]
    [InlineData("1990Antonia")]
    public void Ones_that_contain_the_own_name_or_address_are_refused(string password) =>
        Assert.Contains("own name", PasswordPolicy.FindError(password, "katrin.vogel@general.example", "Antonia", "Sommerfeld"));

    [Theory]
    [InlineData("Ann Lee")]
    [InlineData("annlee")]
    [InlineData("Lee, Ann!")]
    [InlineData("ann.lee.")]
    public void The_whole_name_is_refused_however_short_and_whatever_stands_between(string password) =>
        Assert.Contains("own name", PasswordPolicy.FindError(password, "x@y.example", "Ann", "Lee"));

    [Theory]
    [InlineData("MedCor2026!")]
    [InlineData("hospital#778")]
    [InlineData("2031-Sommer-2031")]
    [InlineData("Autumn!!!!2044")]
    [InlineData("Fr\u00FChling-77")]
    [InlineData("St. Mary's 2031")]
    [InlineData("(stmarys)-99")]
    public void A_word_that_everybody_would_try_first_is_refused_whatever_stands_around_it(string password) =>
        Assert.Contains("common word", PasswordPolicy.FindError(password, "x@y.example", "Ann", "Lee", "St. Mary's"));

    [Theory]
    [InlineData("Medcor-Sommer-77")]
    [InlineData("St. Mary's on the hill")]
    public void Such_a_word_may_be_part_of_a_password(string password) =>
        Assert.Null(PasswordPolicy.FindError(password, "x@y.example", "Ann", "Lee", "St. Mary's"));

    [Theory]
    [InlineData("        ")]
    [InlineData("\t\t\t\t\n\n\n\n")]
    [InlineData("\u00A0\u3000\u200B\u2800\u00A0\u3000\u200B\u2800")]
    public void Blanks_alone_are_no_password(string password) =>
        Assert.Equal("must not be blank", PasswordPolicy.FindError(password, "x@y.example", "Ann", "Lee"));

    [Fact]
    public void A_short_name_may_occur_in_a_password() => Assert.Null(PasswordPolicy.FindError("Lantern-Anker-9", "x@y.example", "Ann", "Lee"));
}
