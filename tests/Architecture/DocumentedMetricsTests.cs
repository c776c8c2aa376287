using System.Text.RegularExpressions;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that docs/measuring.md lists every metric that MedCor records, and no other.</summary>
public sealed partial class DocumentedMetricsTests
{
    [Fact]
    public void The_page_about_measuring_lists_the_metrics()
    {
        var page = File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "docs", "measuring.md"));
        var table = page[page.IndexOf("| metric |", StringComparison.Ordinal)..page.IndexOf("| `medcor.outcome` |", StringComparison.Ordinal)];

        Assert.Equal(RecordedMetrics.Names.Order(), Row().Matches(table).Select(row => row.Groups["name"].Value).Order());
    }

    [GeneratedRegex(@"^\| `(?<name>medcor\.[a-z._]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
