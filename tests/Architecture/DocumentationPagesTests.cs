using System.Text.RegularExpressions;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that the documentation can be found: the index is complete, every link leads somewhere, and the README is short.</summary>
public sealed partial class DocumentationPagesTests
{
    private const int MaxReadmeBytes = 8 * 1024;

    private static readonly string Root = MedCorFixture.RepositoryRoot();

    private static readonly string[] Pages =
        [.. ((string[])["", "docs", "docs/decisions", "deploy"]).SelectMany(folder => Directory.GetFiles(Path.Combine(Root, folder), "*.md"))];

    [Fact]
    public void The_index_lists_every_page()
    {
        var index = File.ReadAllText(Path.Combine(Root, "docs", "README.md"));

        Assert.Empty(from folder in (string[])["", "decisions/"]
                     from path in Directory.GetFiles(Path.Combine(Root, "docs", folder), "*.md")
                     let page = folder + Path.GetFileName(path)
                     where page != "README.md" && !index.Contains($"]({page})", StringComparison.Ordinal)
                     select page);
    }

    [Fact]
    public void The_readme_has_at_most_8_KB() => Assert.InRange(new FileInfo(Path.Combine(Root, "README.md")).Length, 1, MaxReadmeBytes);

    [Fact]
    public void Every_link_within_the_documentation_leads_to_a_file_and_a_heading() =>
        Assert.Empty(from page in Pages
                     from Match link in Link().Matches(Code().Replace(File.ReadAllText(page), ""))
                     let file = link.Groups["file"].Value
                     let target = file.Length > 0 ? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, file)) : page
                     where !Path.Exists(target) || (link.Groups["heading"] is { Success: true, Value: var heading } && !Headings(target).Contains(heading))
                     select $"{Path.GetRelativePath(Root, page)}: {link.Value}");

    /// <summary>Returns the fragments by which links name the headings of a page.</summary>
    private static HashSet<string> Headings(string page) => File.Exists(page)
        ? [.. Heading().Matches(File.ReadAllText(page))
            .Select(heading => Punctuation().Replace(heading.Groups["text"].Value.ToLowerInvariant(), "").Replace(' ', '-'))]
        : [];

    /// <summary>Matches code, which contains no links.</summary>
    [GeneratedRegex("```.*?```|`[^`\n]*`", RegexOptions.Singleline)]
    private static partial Regex Code();

    /// <summary>Matches a link that is not to another site.</summary>
    [GeneratedRegex(@"\]\((?!\w+:)(?<file>[^)\s#]*)(?:#(?<heading>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (?<text>.+?)\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    /// <summary>Matches what a fragment does not keep of its heading.</summary>
    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();
}
