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
