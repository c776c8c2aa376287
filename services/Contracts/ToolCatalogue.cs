using System.Reflection;
using System.Text.Json;
using System.Xml.Linq;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;

namespace MedCor.Contracts;

/// <summary>Describes a tool: the service that owns it, its permitted callers, its parameters and result, and whether it concerns reference data.</summary>
/// <param name="Audit">What the audit trail records of each call; null when it records none.</param>
public sealed record ToolDescriptor(string Name, string Service, Effect Effect, Callers Callers, string Description, Type Params,
    Type Result, bool IsReferenceData, AuditDescriptor? Audit)
{
    /// <summary>Gets whether the results contain clinical content.</summary>
    public bool HasClinicalContent { get; } = Audit?.Kind == AuditKind.Clinical;

    /// <summary>Gets the scope that an access token with scopes needs for a call.</summary>
    public Scope Scope { get; } = Scope.For(Service, Audit is { Kind: AuditKind.Clinical } ? Audit.Resource : GetResource(Result), Effect);

    /// <summary>Gets whether the result is one entity of a resource, which has a maximum size.</summary>
    public bool ReturnsSingleEntity { get; } = Result.IsDefined(typeof(ResourceAttribute), inherit: false);

    /// <summary>Gets whether the results contain a secret.</summary>
    public bool ReturnsSecret { get; init; }

    /// <summary>Gets whether the sign-in policy of the caller's hospital can require that the caller has logged in recently.</summary>
    public bool RequiresStepUp { get; init; }

    /// <summary>Gets the parameter that the shortest example has although none is required; null for no parameter.</summary>
    public string? ExampleParameter { get; init; }

    /// <summary>
    /// Gets whether the results may contain a secret or health data: clinical content, or the answers to a guided prompt. Such a result is returned only to the
    /// caller who requested it, who is on record, and published nowhere else.
    /// </summary>
    public bool IsResultPrivate => ReturnsSecret || HasClinicalContent || Result == typeof(PromptSession);

    /// <summary>Returns the name of the resource whose entity or page of entities a result is; the name of its type when it is neither.</summary>
    private static string GetResource(Type result)
    {
        var entity = result.IsGenericType && result.GetGenericTypeDefinition() == typeof(Page<>) ? result.GetGenericArguments()[0] : result;
        return entity.GetCustomAttribute<ResourceAttribute>()?.Name ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(entity.Name);
    }
}

/// <summary>Contains all tools, read once from the contracts.</summary>
public static class ToolCatalogue
{
    /// <summary>Gets the tools by name, in alphabetical order.</summary>
    public static IReadOnlyDictionary<string, ToolDescriptor> All { get; } = Read();

    /// <summary>Gets the tools by the type of their parameters.</summary>
    public static IReadOnlyDictionary<Type, ToolDescriptor> ByParameterType { get; } = All.Values.ToDictionary(t => t.Params);

    private static SortedDictionary<string, ToolDescriptor> Read()
    {
        var tools = new SortedDictionary<string, ToolDescriptor>(StringComparer.Ordinal);
        foreach (var type in typeof(ToolAttribute).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<ToolAttribute>() is not { } promise) continue;
            var result = type.GetInterfaces().Single(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ITool<>)).GetGenericArguments()[0];
            var service = type.Namespace!.Split('.')[^1].ToLowerInvariant();
            tools.Add(promise.Name,
                new(promise.Name, service, promise.Effect, promise.Callers, XmlDocumentation.GetSummary(type), type, result, promise.IsReferenceData,
                    AuditDescriptor.Create(result, promise.Effect, type))
                { ReturnsSecret = promise.ReturnsSecret, RequiresStepUp = promise.RequiresStepUp, ExampleParameter = promise.ExampleParameter });
        }
        return tools;
    }
}

/// <summary>Reads the doc comments of the contracts.</summary>
public static class XmlDocumentation
{
    private static readonly Dictionary<string, XElement> Members =
        XDocument.Load(Path.ChangeExtension(typeof(ToolAttribute).Assembly.Location, ".xml"))
            .Descendants("member").ToDictionary(m => m.Attribute("name")!.Value);

    /// <summary>Returns the summary of a type; empty when it has none.</summary>
    public static string GetSummary(Type type) => Text(FindMember(type)?.Element("summary"));

    /// <summary>Returns the description of a property, from its own doc comment or from its record's.</summary>
    public static string GetDescription(PropertyInfo property) => Text(FindMember(property)?.Element("summary") ?? FindParameter(property));

    /// <summary>Returns the content of a property's <c>example</c> tag; null when it has none.</summary>
    public static string? GetExample(PropertyInfo property) => FindMember(property)?.Descendants("example").FirstOrDefault()?.Value;

    private static XElement? FindMember(PropertyInfo property) => Members.GetValueOrDefault($"P:{Name(property.DeclaringType!)}.{property.Name}");

    private static XElement? FindParameter(PropertyInfo property) =>
        FindMember(property.DeclaringType!)?.Elements("param").FirstOrDefault(p => p.Attribute("name")!.Value == property.Name);

    private static XElement? FindMember(Type type) => Members.GetValueOrDefault($"T:{Name(type)}");

    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string Text(XElement? element) =>
        element is null ? "" : string.Join(' ', ToPlainText(element).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string ToPlainText(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XElement { Name.LocalName: "see" or "paramref" or "typeparamref" } reference =>
            (reference.Attribute("cref") ?? reference.Attribute("name"))!.Value.Split('.')[^1],
        XElement { Name.LocalName: "example" } => "",
        XElement inner => ToPlainText(inner),
        _ => node.ToString(SaveOptions.DisableFormatting),
    }));
}
