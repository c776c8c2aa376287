using MedCor.Identity.SecondFactors;

namespace MedCor.Tests.Unit.Identity.SecondFactors;

public class RecoveryCodeTests
{
    [Fact]
    public void Codes_are_in_four_groups_and_all_different()
    {
        var codes = Enumerable.Range(0, 100).Select(_ => RecoveryCode.Create()).ToArray();

        Assert.All(codes, code => Assert.Matches("^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$", code));
        Assert.Equal(codes.Length, codes.Distinct().Count());
    }

    [Theory]
    [InlineData("abcd-efgh-2345-6723")]
    [InlineData("ABCDEFGH23456723")]
    [InlineData(" ABCD EFGH 2345 6723 ")]
    public void A_code_may_be_written_in_any_case_and_groups(string written)
    {
        var user = Guid.NewGuid();

        Assert.Equal(RecoveryCode.HashOf(user, "ABCD-EFGH-2345-6723"), RecoveryCode.HashOf(user, written));
    }

    [Fact]
    public void The_same_code_of_another_user_has_another_hash() =>
        Assert.NotEqual(RecoveryCode.HashOf(Guid.NewGuid(), "ABCD"), RecoveryCode.HashOf(Guid.NewGuid(), "ABCD"));
}
