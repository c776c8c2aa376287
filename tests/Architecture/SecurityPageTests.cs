using System.Text.RegularExpressions;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that docs/security.md claims nothing without a test that exists or an open item, and leaves no requirement out.</summary>
public sealed partial class SecurityPageTests
{
    private static readonly string Root = MedCorFixture.RepositoryRoot();
    private static readonly string Page = File.ReadAllText(Path.Combine(Root, "docs/security.md"));

    /// <summary>Everything before the section that defines the open items.</summary>
    private static readonly string Claims = Page[..Page.IndexOf("\n## Open\n", StringComparison.Ordinal)];

    private static readonly string[] OpenItems = [.. OpenItem().Matches(Page[Claims.Length..]).Select(m => m.Groups["item"].Value)];

    [Fact]
    public void Every_linked_test_exists()
    {
        var links = TestLink().Matches(Page);

        Assert.NotEmpty(links);
        Assert.All(links, link =>
        {
            var file = Path.Combine(Root, "docs", link.Groups["path"].Value);
            Assert.True(File.Exists(file), link.Value);
            Assert.Matches($@"public (static )?(async )?(Task|void) {link.Groups["name"].Value}\(", File.ReadAllText(file));
        });
    }

    /// <summary>What does not apply, and what holds because there is no such thing, needs neither.</summary>
    [Theory]
    [InlineData("## Who may attack how")]
    [InlineData("## OWASP ASVS 5.0, level 2")]
    [InlineData("## OWASP API Security Top 10, 2023")]
    [InlineData("## HIPAA, 45 CFR 164.312")]
    public void Every_line_is_linked_to_a_test_or_an_open_item(string section)
    {
        var rows = Rows(section).ToArray();

        Assert.NotEmpty(rows);
        Assert.All(rows,
            row => Assert.True(TestLink().IsMatch(row[^1]) || Reference().IsMatch(row[^1]) || NeedsNoTest().IsMatch(row[1]), string.Join('|', row)));
    }

    [Fact]
    public void Every_open_item_that_is_named_is_defined_and_every_one_that_is_defined_is_named() =>
        Assert.Equal(OpenItems.Order(), Reference().Matches(Claims).Select(m => m.Value).Distinct().Order());

    /// <summary>The numbers of the requirements of levels 1 and 2, as the standard lists them.</summary>
    [Fact]
    public void Every_requirement_of_the_ASVS_up_to_level_2_stands_once()
    {
        var answered = Rows("## OWASP ASVS 5.0, level 2").SelectMany(row => row[0].Split(',', StringSplitOptions.TrimEntries));

        Assert.Equal(File.ReadAllLines(Path.Combine(Root, "tests/Architecture/asvs-5.0.0-levels-1-and-2.txt")).Order(), answered.Order());
    }

    [Theory]
    [InlineData("## OWASP API Security Top 10, 2023", 10)]
    [InlineData("## HIPAA, 45 CFR 164.312", 12)]
    public void Every_risk_and_every_safeguard_stands_there(string section, int count) => Assert.Equal(count, Rows(section).Count());

    /// <summary>Returns the cells of each row of a section's tables, without the rows of titles.</summary>
    private static IEnumerable<string[]> Rows(string section)
    {
        var start = Page.IndexOf(section + "\n", StringComparison.Ordinal) + section.Length;
        var end = Page.IndexOf("\n## ", start, StringComparison.Ordinal);
        var lines = Page[start..end].Split('\n');
        return from line in lines.Index()
               where line.Item.StartsWith("| ", StringComparison.Ordinal) && !lines[line.Index + 1].StartsWith("|---", StringComparison.Ordinal)
               select line.Item.Trim('|').Split('|', StringSplitOptions.TrimEntries);
    }

    [GeneratedRegex(@"\[(?<name>[A-Z]\w*_\w+)\]\((?<path>\.\./tests/[^)]+)\)")]
    private static partial Regex TestLink();

    [GeneratedRegex(@"\bO\d+\b")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^\| (?<item>O\d+) \|", RegexOptions.Multiline)]
    private static partial Regex OpenItem();

    [GeneratedRegex(@"^(do not apply|does not apply|by absence): ")]
    private static partial Regex NeedsNoTest();
}
