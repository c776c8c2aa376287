using System.Text.Json.Nodes;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a manifest that creates pods.</summary>
internal sealed record Workload(JsonObject Manifest)
{
    public string Kind => Manifest.Text("kind")!;

    public string Name => Manifest.Text("metadata.name")!;

    /// <summary>Gets the pod template, with its labels and specification.</summary>
    public JsonObject Template => (JsonObject)(Manifest.At("spec.jobTemplate.spec.template") ?? Manifest.At("spec.template"))!;

    public JsonObject Pod => (JsonObject)Template["spec"]!;

    public IEnumerable<JsonObject> Containers => Pod.Items("containers").Concat(Pod.Items("initContainers"));

    public string? Role => Label("medcor/role");

    public string? Service => Label("medcor/service");

    /// <summary>Gets whether the workload runs continuously, rather than to completion.</summary>
    public bool IsLongRunning => Kind is "Deployment" or "StatefulSet";

    public string? Label(string name) => (string?)Template["metadata"]!["labels"]?[name];
}
