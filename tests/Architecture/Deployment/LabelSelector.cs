using System.Text.Json.Nodes;

namespace MedCor.Tests.Architecture.Deployment;

/// <summary>Evaluates label selectors as Kubernetes does, as far as <c>deploy/</c> uses them.</summary>
internal static class LabelSelector
{
    public static bool Matches(JsonNode selector, JsonNode labels) =>
        (selector["matchLabels"] as JsonObject ?? []).All(wanted => (string?)labels[wanted.Key] == (string?)wanted.Value)
        && selector.Items("matchExpressions").All(
            e => e.Text("operator") == "In" ? e.Texts("values").Contains((string?)labels[e.Text("key")!]) : throw new NotSupportedException(e.ToJsonString()));
}
