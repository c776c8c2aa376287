using System.Text.RegularExpressions;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that links to the pages for users name the routes of these pages.</summary>
public sealed partial class PagePathsTests
{
    private static readonly string Identity = Path.Combine(MedCorFixture.RepositoryRoot(), "services", "Identity");

    /// <summary>OAuth's own endpoint is left out: it shows a page, but only clients link to it.</summary>
    [Fact]
    public void Every_page_has_the_path_that_links_name()
    {
        var routes = from page in Directory.GetFiles(Path.Combine(Identity, "Pages"), "*.cshtml")
                     let route = Route().Match(File.ReadAllText(page))
                     where route.Success && route.Groups["path"].Value != "/oauth/authorize"
                     select route.Groups["path"].Value;
        var paths = PathConstants().Matches(File.ReadAllText(Path.Combine(Identity, "PagePaths.cs"))).ToDictionary(
            path => path.Groups["name"].Value, path => (Base: path.Groups["base"].Value, Text: path.Groups["text"].Value));

        Assert.Equal(routes.Order(), paths.Values.Select(path => (path.Base.Length > 0 ? paths[path.Base].Text : "") + path.Text).Order());
    }

    [GeneratedRegex(@"^@page ""(?<path>[^""{]+?)/?(?:\{.*)?""")]
    private static partial Regex Route();

    [GeneratedRegex(@"const string (?<name>\w+) = (?:(?<base>\w+) \+ )?""(?<text>[^""]+)"";")]
    private static partial Regex PathConstants();
}
