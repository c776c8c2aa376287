using System.Reflection;
using System.Xml.Linq;

namespace MedCor.Contracts;

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
