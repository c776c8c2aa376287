using System.Text.RegularExpressions;

namespace MedCor.Tests.Architecture;

/// <summary>Finds the metrics that MedCor records, by the instruments that its source creates.</summary>
internal static partial class RecordedMetrics
{
    private static readonly string Root = MedCorFixture.RepositoryRoot();

    /// <summary>Gets the names of the metrics, such as <c>medcor.tool.duration</c>.</summary>
    public static HashSet<string> Names { get; } = Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
        .Where(file => Product().IsMatch(Path.GetRelativePath(Root, file).Replace('\\', '/')))
        .SelectMany(file => Instrument().Matches(File.ReadAllText(file))).Select(instrument => instrument.Groups["name"].Value).ToHashSet();

    [GeneratedRegex("^(services|gateway|ServiceDefaults)/(?!.*obj/)")]
    private static partial Regex Product();

    [GeneratedRegex(@"\.Create\w+(?:<\w+>)?\(\s*""(?<name>medcor\.[a-z._]+)""")]
    private static partial Regex Instrument();
}
