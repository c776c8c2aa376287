using MedCor.ServiceDefaults.Lists;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Tests.ServiceDefaults.Lists;

public class SortFieldsTests
{
    private static readonly SortFields<string> Fields = new("length") { { "length", s => s.Length }, { "first", s => s[0] } };
    private static readonly IQueryable<string> Words = new[] { "bb", "a", "ab", "ccc" }.AsQueryable();

    [Fact]
    public void Sorts_by_several_fields_up_and_down() => Assert.Equal(["ab", "a", "bb", "ccc"], Fields.Apply(Words, "first,-length"));

    [Fact]
    public void Downwards_is_a_leading_hyphen() => Assert.Equal("ccc", Fields.Apply(Words, "-length").First());

    [Theory]
    [InlineData("weight")]
    [InlineData("")]
    [InlineData("first,")]
    [InlineData("first,first")]
    [InlineData("first,-first")]
    public void What_is_unknown_or_named_twice_is_refused(string sort) => Assert.Throws<Invalid>(() => Fields.Apply(Words, sort));

    /// <summary>Every part would be a level of the query, and a stack that overflows takes the process along.</summary>
    [Fact]
    public void However_long_a_sort_is_it_is_refused_before_it_becomes_a_query() =>
        Assert.Throws<Invalid>(() => Fields.Apply(Words, string.Join(',', Enumerable.Repeat("length", 100_000))));
}
