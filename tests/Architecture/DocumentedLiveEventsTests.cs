using System.Text.RegularExpressions;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that docs/live-events.md lists every live event that is published, and no other.</summary>
public sealed partial class DocumentedLiveEventsTests
{
    [Fact]
    public void The_page_about_live_events_lists_them()
    {
        var page = File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "docs", "live-events.md"));
        var table = page[page.IndexOf("| event |", StringComparison.Ordinal)..page.IndexOf("`?resources=", StringComparison.Ordinal)];

        Assert.Equal(LiveEventNames.All.Order(),
            FirstColumn().Matches(table).SelectMany(row => Name().Matches(row.Value)).Select(name => name.Groups[1].Value).Order());
    }

    [GeneratedRegex("^\\|[^|]+\\|", RegexOptions.Multiline)]
    private static partial Regex FirstColumn();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Name();
}
