using MedCor.Validation;

namespace MedCor.Tests.Unit.Validation;

public sealed class TimeZoneNamesTests
{
    [Theory]
    [InlineData("Europe/Berlin", "Europe/Berlin")]
    [InlineData("europe/berlin", "Europe/Berlin")]
    [InlineData("Europe/Oslo", "Europe/Oslo")]
    [InlineData("Europe/Amsterdam", "Europe/Amsterdam")]
    [InlineData("Asia/Calcutta", "Asia/Kolkata")]
    [InlineData("US/Eastern", "America/New_York")]
    [InlineData("UTC", "UTC")]
    [InlineData("Etc/UTC", "UTC")]
    [InlineData("localtime", null)]
    [InlineData("posixrules", null)]
    [InlineData("Factory", null)]
    [InlineData("posix/America/New_York", null)]
    [InlineData("right/Europe/Berlin", null)]
    [InlineData("Europe//Berlin", null)]
    [InlineData("W. Europe Standard Time", null)]
    [InlineData(" Europe/Berlin", null)]
    [InlineData("", null)]
    public void A_zone_is_kept_under_its_present_name(string written, string? kept) => Assert.Equal(kept, TimeZoneNames.Canonicalize(written));

    [Fact]
    public void A_kept_name_is_its_own() =>
        Assert.All(TimeZoneNames.All.Where(name => TimeZoneNames.Canonicalize(name) is not null), name => Assert.Equal(name, TimeZoneNames.Canonicalize(name)));
}
