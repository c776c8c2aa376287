using System.Text.RegularExpressions;
using MedCor.Contracts.Chat;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that docs/configuration.md names every environment variable of MedCor's own, and no other.</summary>
public sealed partial class DocumentedVariablesTests
{
    private static readonly string Root = MedCorFixture.RepositoryRoot();

    [Fact]
    public void The_page_about_configuration_names_every_variable()
    {
        var read = Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Where(file => Program().IsMatch(Path.GetRelativePath(Root, file).Replace('\\', '/')))
            .SelectMany(file => Literal().Matches(File.ReadAllText(file))).Select(literal => literal.Groups["name"].Value).ToHashSet();
        read.Remove(ChatErrorCodes.Model);
        var documented = Name().Matches(File.ReadAllText(Path.Combine(Root, "docs", "configuration.md"))).Select(name => name.Value).Distinct();

        Assert.Equal(read.Order(), documented.Order());
    }

    [GeneratedRegex("^(services|gateway|ServiceDefaults|AppHost)/(?!.*obj/)")]
    private static partial Regex Program();

    [GeneratedRegex("\"(?<name>(MCP|OPENAI)_[A-Z_]+)\"")]
    private static partial Regex Literal();

    [GeneratedRegex("\\b(MCP|OPENAI)_[A-Z_]+\\b")]
    private static partial Regex Name();
}
