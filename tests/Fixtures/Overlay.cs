using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using MedCor.AppHost.Processes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents the manifests that an overlay of <c>deploy/</c> applies to a cluster, as kustomize renders them.</summary>
internal sealed class Overlay
{
    private static readonly string OverlaysFolder = Path.Combine(MedCorFixture.RepositoryRoot(), "deploy", "overlays");
    private static readonly ConcurrentDictionary<string, Lazy<Overlay>> Rendered = new();

    /// <summary>The rendering program and its arguments; null where neither kustomize nor kubectl is installed.</summary>
    private static readonly string[]? Renderer = ExecutableLocator.Find("kustomize") is { } kustomize ? [kustomize, "build"]
        : ExecutableLocator.Find("kubectl") is { } kubectl ? [kubectl, "kustomize"]
        : null;

    private Overlay(string name, IReadOnlyList<JsonObject> manifests) => (Name, All) = (name, manifests);

    public string Name { get; }

    public IReadOnlyList<JsonObject> All { get; }

    public static IEnumerable<string> Names => Directory.GetDirectories(OverlaysFolder).Select(d => Path.GetFileName(d)!).Order();

    /// <summary>Gets whether this machine can render overlays.</summary>
    public static bool CanRender => Renderer is not null;

    public static Overlay Get(string name) => Rendered.GetOrAdd(name, n => new(() => new(n, [.. Documents(Task.Run(() => Render(n)).Result)]))).Value;

    public IEnumerable<JsonObject> OfKind(params string[] kinds) => All.Where(m => kinds.Contains(m.Text("kind")));

    public JsonObject Single(string kind, string name) => OfKind(kind).Single(m => m.Text("metadata.name") == name);

    /// <summary>Gets every workload of the manifests. Pods that operators create are not included.</summary>
    public IEnumerable<Workload> Workloads => OfKind("Deployment", "StatefulSet", "Job", "CronJob").Select(m => new Workload(m));

    /// <summary>Gets the serving workloads of MedCor: the gateway and the services.</summary>
    public IEnumerable<Workload> Services => Workloads.Where(w => w.Role == "app");

    private static Task<string> Render(string name) =>
        ChildProcess.RunSuccessfully(new(Renderer![0], [.. Renderer[1..], Path.Combine(OverlaysFolder, name)]));

    /// <summary>Returns the documents of a YAML stream as JSON.</summary>
    public static IEnumerable<JsonObject> Documents(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return stream.Documents.Select(d => ToJson(d.RootNode)!.AsObject());
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Select(entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value!, ToJson(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "null" or "" or null } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } scalar => scalar.Value == "true",
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when long.TryParse(scalar.Value, CultureInfo.InvariantCulture, out var number) => number,
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidOperationException($"A {node.NodeType} is not expected."),
    };
}

/// <summary>Represents a manifest that creates pods.</summary>
internal sealed record Workload(JsonObject Manifest)
{
    public string Kind => Manifest.Text("kind")!;

    public string Name => Manifest.Text("metadata.name")!;

    /// <summary>Gets the pod template, with its labels and specification.</summary>
    public JsonObject Template => (JsonObject)(Manifest.At("spec.jobTemplate.spec.template") ?? Manifest.At("spec.template"))!;

    public JsonObject Pod => (JsonObject)Template["spec"]!;

    public IEnumerable<JsonObject> Containers => Pod.Items("containers").Concat(Pod.Items("initContainers"));

    /// <summary>Gets the only container besides those that start before it.</summary>
    public JsonObject Program => Pod.Items("containers").Single();

    public string? Role => Label("medcor/role");

    public string? Service => Label("medcor/service");

    /// <summary>Gets whether the workload runs continuously, rather than to completion.</summary>
    public bool IsLongRunning => Kind is "Deployment" or "StatefulSet";

    public string? Label(string name) => (string?)Template["metadata"]!["labels"]?[name];
}

/// <summary>Provides access to the values of manifests.</summary>
internal static class ManifestExtensions
{
    /// <summary>Returns the value at a path such as <c>spec.template</c>; null when the path does not exist.</summary>
    public static JsonNode? At(this JsonNode node, string path) => path.Split('.').Aggregate((JsonNode?)node, (at, name) => (at as JsonObject)?[name]);

    public static string? Text(this JsonNode node, string path) => node.At(path)?.ToString();

    public static long Number(this JsonNode node, string path) => (long?)node.At(path) ?? 0;

    public static IEnumerable<JsonObject> Items(this JsonNode node, string path) => (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    public static IEnumerable<string> Texts(this JsonNode node, string path) => (node.At(path) as JsonArray)?.Select(n => n!.ToString()) ?? [];
}

/// <summary>Marks a theory over rendered overlays.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OverlayTheoryAttribute : TheoryAttribute
{
    internal const string Missing =
        "There is neither kustomize nor kubectl on this machine. Install kubectl 1.28 or later (https://kubernetes.io/docs/tasks/tools/) or kustomize 5.";

    public OverlayTheoryAttribute()
    {
        if (!Overlay.CanRender) Skip = Missing;
    }
}

/// <summary>Marks a fact about a rendered overlay.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OverlayFactAttribute : FactAttribute
{
    public OverlayFactAttribute()
    {
        if (!Overlay.CanRender) Skip = OverlayTheoryAttribute.Missing;
    }
}

/// <summary>Provides every overlay as test data.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EveryOverlayAttribute : Xunit.Sdk.DataAttribute
{
    public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) => Overlay.Names.Select(name => new object[] { name });
}
