using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Tests that every alert uses a metric that exists and has a section in the runbook.</summary>
public partial class AlertTests
{
    private static readonly string Root = MedCorFixture.RepositoryRoot();

    [OverlayTheory, EveryOverlay]
    public void Every_metric_of_MedCor_in_an_alert_is_one_that_is_recorded(string overlay)
    {
        var named = Rules(overlay).SelectMany(r => Metric().Matches(r.Text("expr")!)).Select(m => m.Groups[1].Value).ToHashSet();

        Assert.Contains("medcor_outbox_age", named);
        Assert.Empty(named.Except(RecordedMetrics.Names.Select(name => name.Replace('.', '_'))));
    }

    [OverlayTheory, EveryOverlay]
    public void Every_alert_has_a_heading_that_says_what_to_do(string overlay)
    {
        var headings = Heading().Matches(File.ReadAllText(Path.Combine(Root, "docs/operations.md"))).Select(h => h.Groups[1].Value).ToHashSet();

        Assert.NotEmpty(Rules(overlay));
        Assert.All(Rules(overlay), rule =>
        {
            var alert = rule.Text("alert")!;
            Assert.Contains(alert, headings);
            Assert.Equal($"docs/operations.md#{alert.ToLowerInvariant()}", rule.Text("annotations.runbook_url"));
            Assert.Contains(rule.Text("labels.severity"), (string[])["page", "ticket"]);
            Assert.NotNull(rule.Text("annotations.summary"));
        });
    }

    [OverlayFact]
    public void No_heading_is_about_an_alert_that_is_gone()
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs/operations.md"));
        var headings = Heading().Matches(text[text.IndexOf("## Alerts", StringComparison.Ordinal)..]).Select(h => h.Groups[1].Value);

        Assert.Equal(Rules("production").Select(r => r.Text("alert")).Order(), headings.Order());
    }

    [OverlayTheory, EveryOverlay]
    public void Prometheus_may_read_what_the_alerts_are_made_of(string overlay) =>
        Assert.Equal(["collector", "databases", "rabbitmq"], Overlay.Get(overlay).OfKind("PodMonitor").Select(m => m.Text("metadata.name")).Order());

    private static IEnumerable<JsonObject> Rules(string overlay) =>
        Overlay.Get(overlay).OfKind("PrometheusRule").SelectMany(r => r.Items("spec.groups")).SelectMany(g => g.Items("rules"));

    /// <summary>Matches the Prometheus name of a metric, with its unit and the suffix of a counter or of a histogram's series.</summary>
    [GeneratedRegex(@"\b(medcor_\w+?)(?:_seconds)?(?:_bucket|_count|_sum|_total)?\b")]
    private static partial Regex Metric();

    [GeneratedRegex(@"^### (\w+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
