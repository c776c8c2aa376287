using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MedCor.Contracts;

namespace MedCor.Tests.Architecture;

/// <summary>Tests the architecture and coding rules that can be checked on the source.</summary>
public partial class SourceRulesTests
{
    private const int MaxLineLength = 160;

    private static readonly string Root = MedCorFixture.RepositoryRoot();

    private static readonly (string Path, string Text)[] Sources =
        [.. Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            .Select(f => (Path: Path.GetRelativePath(Root, f).Replace('\\', '/'), Text: File.ReadAllText(f)))
            .Where(f => !f.Path.Contains("/obj/", StringComparison.Ordinal) && !f.Path.Contains("/bin/", StringComparison.Ordinal) && !f.Path.StartsWith('.'))];

    [Fact]
    public void The_clock_is_injected() => Assert.DoesNotContain(ProductSources(SystemClock()), NotInContracts);

    [Fact]
    public void SQL_is_never_built_from_strings() => Assert.Empty(ProductSources(RawSql()));

    [Fact]
    public void Tenant_settings_are_transaction_local() => Assert.Empty(ProductSources(SessionSetting()));

    [Fact]
    public void Nothing_blocks_on_a_task() => Assert.Empty(ProductSources(Blocking()));

    [Fact]
    public void No_test_or_product_code_sleeps() => Assert.Empty(Where(Sources.Where(s => !s.Path.StartsWith("AppHost/", StringComparison.Ordinal)), Sleep()));

    [Fact]
    public void No_catch_block_is_empty_without_a_comment() => Assert.Empty(Where(Sources, EmptyCatch()));

    [Fact]
    public void Lines_have_at_most_160_characters() =>
        Assert.Empty(from source in Sources
                     from line in source.Text.Split('\n').Index()
                     where line.Item.Length > MaxLineLength
                     select $"{source.Path}:{line.Index + 1}: {line.Item.Length} characters");

    [Fact]
    public void No_log_tells_an_address_that_a_client_wrote() => Assert.Empty(ProductSources(LoggedAddress()));

    [Fact]
    public void Every_log_message_has_an_event_ID_of_its_own()
    {
        var ids = Sources.Where(s => IsProduct().IsMatch(s.Path)).SelectMany(s => LogMessage().Matches(s.Text)).Select(m => m.Groups["id"].Value).ToArray();

        Assert.NotEmpty(ids);
        Assert.DoesNotContain("", ids);
        Assert.Distinct(ids);
    }

    [Fact]
    public void Contracts_reference_nothing()
    {
        var project = File.ReadAllText(Path.Combine(Root, "services/Contracts/MedCor.Contracts.csproj"));

        Assert.DoesNotContain("PackageReference", project, StringComparison.Ordinal);
        Assert.DoesNotContain("ProjectReference", project, StringComparison.Ordinal);
    }

    /// <summary>The gateway reaches data only through the services.</summary>
    [Theory]
    [InlineData("gateway")]
    [InlineData("ServiceDefaults")]
    public void Whoever_has_no_database_has_no_database_library_either(string project)
    {
        var restored = JsonNode.Parse(File.ReadAllText(Path.Combine(Root, project, "obj/project.assets.json")))!["libraries"]!.AsObject()
            .Select(library => library.Key);

        Assert.DoesNotContain(restored,
            library => library.Contains("EntityFrameworkCore", StringComparison.Ordinal) || library.Contains("Npgsql", StringComparison.Ordinal));
    }

    [Fact]
    public void Folders_are_nouns_of_the_field() =>
        Assert.Empty(Sources.Where(s => VagueFolder().IsMatch(s.Path)).Select(s => s.Path));

    [Fact]
    public void The_tree_is_shallow() =>
        Assert.Empty(Sources.Where(s => s.Path.Count(c => c == '/') > 4).Select(s => s.Path));

    [Fact]
    public void Each_decision_says_its_status_and_date_and_so_does_the_index()
    {
        var index = File.ReadAllText(Path.Combine(Root, "docs/README.md"));
        foreach (var path in Directory.GetFiles(Path.Combine(Root, "docs/decisions"), "*.md"))
        {
            var status = DecisionStatus().Match(File.ReadAllText(path));

            Assert.True(status.Success, path);
            Assert.Matches(new Regex(
                $@"\(decisions/{Path.GetFileName(path)}\) \| .+ \| {status.Groups["state"].Value}( by \d{{4}})? \| {status.Groups["date"].Value} \|"), index);
        }
    }

    [Fact]
    public void A_service_reads_no_other_services_database()
    {
        string[] services = [.. ServiceCatalogue.All.Select(s => s.ProjectName)];

        Assert.Empty(from service in services
                     from project in Directory.GetFiles(Path.Combine(Root, "services", service), "*.csproj")
                     from other in services
                     where other != service && File.ReadAllText(project).Contains($"MedCor.{other}.csproj", StringComparison.Ordinal)
                     select $"{service} references {other}");
    }

    /// <summary>Every project that is deployed or starts one.</summary>
    public static TheoryData<string> LayeredProjects =>
    [
        "ServiceDefaults", "AppHost", "gateway",
        .. Directory.GetDirectories(Path.Combine(Root, "services")).Where(d => Directory.GetFiles(d, "*.csproj").Length > 0)
            .Select(d => $"services/{Path.GetFileName(d)}"),
    ];

    /// <summary>
    /// Checks that folders are layers: none uses another that uses it, be it through further ones. The root namespace is no folder: it wires them together.
    /// </summary>
    [Theory, MemberData(nameof(LayeredProjects))]
    public void The_folders_of_a_project_form_no_circle(string project)
    {
        var root = Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(Root, project), "*.csproj").Single());
        var files = (from source in Sources
                     where source.Path.StartsWith($"{project}/", StringComparison.Ordinal)
                     let folder = Regex.Match(source.Text, $@"^namespace {root}\.(\w+)", RegexOptions.Multiline).Groups[1].Value
                     where folder.Length > 0
                     select (source.Path, Folder: folder, Code: Comment().Replace(source.Text, ""))).ToArray();
        var uses = (from used in files.GroupBy(f => f.Folder)
                    let types = string.Join('|', used.SelectMany(f => DeclaredType().Matches(f.Code)).Select(t => t.Groups["name"].Value))
                    let use = new Regex(
                        $@"^using (static |\w+ = )?{root}\.{used.Key}[.;]|(?<![\w.])((MedCor\.)?{root.Split('.')[^1]}\.)?{used.Key}\.(\w+\.)*({types})\b",
                        RegexOptions.Multiline)
                    from user in files
                    where user.Folder != used.Key && use.IsMatch(user.Code)
                    select (From: user.Folder, To: used.Key, user.Path)).ToArray();

        // What leads into a circle and out of it again is all that stays.
        for (var before = -1; before != uses.Length;)
        {
            before = uses.Length;
            uses = [.. uses.Where(use => uses.Any(next => next.From == use.To) && uses.Any(previous => previous.To == use.From))];
        }
        Assert.Empty(uses.Select(use => $"{use.Path}: {use.From} uses {use.To}"));
    }

    /// <summary>Returns the matches in what runs in production. The development host is left out: it uses the system clock and waits for processes.</summary>
    private static IEnumerable<string> ProductSources(Regex forbidden) => Where(Sources.Where(s => IsProduct().IsMatch(s.Path)), forbidden);

    private static IEnumerable<string> Where(IEnumerable<(string Path, string Text)> sources, Regex forbidden) =>
        from source in sources
        where source.Path != "tests/Architecture/SourceRulesTests.cs"
        from match in forbidden.Matches(source.Text)
        select $"{source.Path}:{source.Text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value}";

    /// <summary>Excludes contracts: their validation has no injected clock, and a day's precision suffices for bounds such as that of a birth date.</summary>
    private static bool NotInContracts(string place) => !place.StartsWith("services/Contracts/", StringComparison.Ordinal);

    [GeneratedRegex(@"^# .+\n\n\*\*Status:\*\* (?<state>accepted|superseded)( by \[\d{4}\]\(\d{4}-[a-z-]+\.md\))? · (?<date>\d{4}-\d{2}-\d{2})\n\n")]
    private static partial Regex DecisionStatus();

    [GeneratedRegex("(?<!:)//.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b(class|struct|interface|enum|record( struct)?) (?<name>\w+)")]
    private static partial Regex DeclaredType();

    [GeneratedRegex("^(services|gateway|ServiceDefaults)/")]
    private static partial Regex IsProduct();

    [GeneratedRegex(
        @"\.Log(Trace|Debug|Information|Warning|Error|Critical)\([^;]*Request\.(Path|QueryString|Query|RouteValues|RequestUri|GetDisplayUrl|GetEncodedUrl)")]
    private static partial Regex LoggedAddress();

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId = )?(?<id>\d*)")]
    private static partial Regex LogMessage();

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Utc)?(Now|Today)\b")]
    private static partial Regex SystemClock();

    [GeneratedRegex(@"\b(ExecuteSqlRaw|FromSqlRaw|SqlQueryRaw)")]
    private static partial Regex RawSql();

    [GeneratedRegex(@"set_config\([^)]*,\s*false\s*\)", RegexOptions.IgnoreCase)]
    private static partial Regex SessionSetting();

    [GeneratedRegex(@"\.GetAwaiter\(\)\.GetResult\(\)")]
    private static partial Regex Blocking();

    [GeneratedRegex(@"\b(Thread\.Sleep|Task\.Delay)\(")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"catch\s*(\([^)]*\))?\s*(when\s*\((?:[^()]|\([^()]*\))*\)\s*)?\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"(^|/)(Models|Interfaces|Helpers|Common|Utils|Managers)/")]
    private static partial Regex VagueFolder();
}
