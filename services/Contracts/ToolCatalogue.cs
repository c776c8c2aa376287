using System.Reflection;

namespace MedCor.Contracts;

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
            if (type.GetCustomAttribute<ToolAttribute>() is not { } attribute) continue;
            var result = type.GetInterfaces().Single(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(ITool<>)).GetGenericArguments()[0];
            var service = type.Namespace!.Split('.')[^1].ToLowerInvariant();
            tools.Add(attribute.Name,
                new(attribute.Name, service, attribute.Effect, attribute.Callers, XmlDocumentation.GetSummary(type), type, result, attribute.IsReferenceData,
                    ClinicalContentDescriptor.TryCreate(result, type))
                { ReturnsSecret = attribute.ReturnsSecret, RequiresStepUp = attribute.RequiresStepUp });
        }
        return tools;
    }
}
