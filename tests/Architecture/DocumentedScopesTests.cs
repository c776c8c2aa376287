using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that docs/scopes.md lists the scopes with their descriptions.</summary>
public sealed partial class DocumentedScopesTests
{
    [Fact]
    public void The_page_about_scopes_lists_them()
    {
        var page = File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "docs", "scopes.md"));

        Assert.Equal(Scopes.All.Select(scope => (scope.Name, scope.Description)),
            Row().Matches(page).Select(row => (row.Groups[1].Value, row.Groups[2].Value)));
    }

    [GeneratedRegex(@"^\| `([a-z]+\.[a-z]+)` \| ([A-Z].*) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
