using System.Text.RegularExpressions;
using System.Xml.Linq;
using MedCor.Contracts;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that the pages for users are in German too.</summary>
public sealed partial class PageTextsTests
{
    private static readonly string Identity = Path.Combine(MedCorFixture.RepositoryRoot(), "services", "Identity");

    [Fact]
    public void Every_text_of_a_page_is_in_German()
    {
        var german = XDocument.Load(Path.Combine(Identity, "Pages", "PageTexts.de.resx")).Root!.Elements("data")
            .ToDictionary(text => (string)text.Attribute("name")!, text => (string)text.Element("value")!);
        string[] english =
        [
            .. from file in Directory.GetFiles(Path.Combine(Identity, "Pages"), "*.cs*").Append(Path.Combine(Identity, "Authorization", "ConsentScopes.cs"))
               from Match text in Text().Matches(File.ReadAllText(file))
               select text.Groups[1].Value,
            .. Scopes.All.Where(scope => !scope.Name.StartsWith("medcor.", StringComparison.Ordinal)).Select(scope => scope.Description),
        ];

        Assert.Equal([], english.Except(german.Keys));
        Assert.Equal([], german.Keys.Except(english));
        Assert.All(german, text => Assert.NotEqual(text.Key, text.Value));
    }

    [Fact]
    public void Every_text_of_a_mail_is_in_German()
    {
        var german = XDocument.Load(Path.Combine(Identity, "Mails", "MailTexts.de.resx")).Root!.Elements("data")
            .ToDictionary(text => (string)text.Attribute("name")!, text => (string)text.Element("value")!);
        var english = Text().Matches(File.ReadAllText(Path.Combine(Identity, "Mails", "MailComposer.cs"))).Select(text => text.Groups[1].Value).Distinct();

        Assert.Equal(german.Keys.Order(), english.Order());
        Assert.All(german, text => Assert.NotEqual(text.Key, text.Value));
    }

    [GeneratedRegex(@"(?:\bT\[|\btexts\[|new\((?:Read|""medcor\.\w+""), )""([^""]+)""")]
    private static partial Regex Text();
}
