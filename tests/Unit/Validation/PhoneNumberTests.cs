using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Tests.Unit.Validation;

public sealed class PhoneNumberTests
{
    [Theory]
    [InlineData("+49 30 5550112")]
    [InlineData("(030) 555-01.12/3")]
    [InlineData("1")]
    [InlineData("+1 555 0100 x5")]
    [InlineData("555-0100x5")]
    [InlineData("555-0100 EXT. 12 34")]
    public void A_number_may_end_with_an_extension(string number) => Check(number, isRight: true);

    [Theory]
    [InlineData("")]
    [InlineData("+ -")]
    [InlineData("x12")]
    [InlineData("ext 12")]
    [InlineData("1x")]
    [InlineData("1 ext.")]
    [InlineData("1x2x3")]
    [InlineData("1 ext 2 ext 3")]
    [InlineData("ext ext ext 1")]
    [InlineData("1 x2 +3")]
    [InlineData("1 e 2")]
    [InlineData("555 call me")]
    [InlineData("1\n")]
    public void An_extension_is_one_and_at_the_end_after_a_number(string number) => Check(number, isRight: false);

    private static void Check(string number, bool isRight)
    {
        Assert.Equal(isRight, new PhoneNumberAttribute().IsValid(number));
        Assert.Equal(isRight || number == "1\n", Regex.IsMatch(number, TextPatterns.WithSpacesAround(PhoneNumberAttribute.Pattern), RegexOptions.ECMAScript));
    }
}
