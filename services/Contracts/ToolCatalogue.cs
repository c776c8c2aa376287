using System.Reflection;
using System.Xml.Linq;
using MedCor.Contracts.Chat;

namespace MedCor.Contracts;

/// <summary>A tool as everybody needs it: who owns it, who may call it, what it takes and gives, whether it is about reference data.</summary>
public sealed record ToolDescriptor(string Name, string Service, Effect Effect, Callers Callers, string Description, Type Params, Type Result, bool IsReferenceData)
{
    /// <summary>Where its answers hold clinical content, of which every access is recorded; none when they hold none.</summary>
    public ClinicalContentDescriptor? ClinicalContent { get; } = ClinicalContentDescriptor.TryCreate(Result, Params);

    /// <summary>Whether it answers one thing, as its resource shows it: then that has a bound.</summary>
    public bool ReturnsSingleEntity { get; } = Result.IsDefined(typeof(ResourceAttribute), inherit: false);

    /// <summary>
    /// Whether its answers may tell of a patient's health: where they hold clinical content, and where they hold what was said in a guided prompt. Such an answer goes to
    /// who asked for it, who is on record, and nowhere else.
    /// </summary>
    public bool MayContainHealthData => ClinicalContent is not null || Result == typeof(PromptSession);
}

/// <summary>Every tool there is, read once from the contracts.</summary>
public static class ToolCatalogue
{
    /// <summary>By name, in alphabetical order.</summary>
    public static IReadOnlyDictionary<string, ToolDescriptor> All { get; } = Read();

    /// <summary>By the type of their parameters.</summary>
    public static IReadOnlyDictionary<Type, ToolDescriptor> ByParameterType { get; } = All.Values.ToDictionary(t => t.Params);

    private static SortedDictionary<string, ToolDescriptor> Read()
    {
        var tools = new SortedDictionary<string, ToolDescriptor>(StringComparer.Ordinal);
        foreach (var type in typeof(ToolAttribute).Assembly.GetTypes())
        {
            if (type.GetCustomAttribute<ToolAttribute>() is not { } promise) continue;
            var result = type.GetInterfaces().Single(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ITool<>)).GetGenericArguments()[0];
            var service = type.Namespace!.Split('.')[^1].ToLowerInvariant();
            tools.Add(promise.Name, new(promise.Name, service, promise.Effect, promise.Callers, XmlDocumentation.GetSummary(type), type, result, promise.IsReferenceData));
        }
        return tools;
    }
}

/// <summary>The docstrings of the contracts.</summary>
public static class XmlDocumentation
{
    private static readonly Dictionary<string, XElement> Members =
        XDocument.Load(Path.ChangeExtension(typeof(ToolAttribute).Assembly.Location, ".xml"))
            .Descendants("member").ToDictionary(m => m.Attribute("name")!.Value);

    /// <summary>What a type promises; empty when it says nothing.</summary>
    public static string GetSummary(Type type) => Text(FindMember(type)?.Element("summary"));

    /// <summary>What a property is, from its own docstring or from its record's.</summary>
    public static string GetDescription(PropertyInfo property)
    {
        var own = Members.GetValueOrDefault($"P:{Name(property.DeclaringType!)}.{property.Name}")?.Element("summary");
        var param = FindMember(property.DeclaringType!)?.Elements("param").FirstOrDefault(p => p.Attribute("name")!.Value == property.Name);
        return Text(own ?? param);
    }

    private static XElement? FindMember(Type type) => Members.GetValueOrDefault($"T:{Name(type)}");

    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName!.Replace('+', '.');

    private static string Text(XElement? element) => element is null ? "" : string.Join(' ', ToPlainText(element).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static string ToPlainText(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XElement { Name.LocalName: "see" or "paramref" or "typeparamref" } reference => (reference.Attribute("cref") ?? reference.Attribute("name"))!.Value.Split('.')[^1],
        XElement inner => ToPlainText(inner),
        _ => node.ToString(SaveOptions.DisableFormatting),
    }));
}
