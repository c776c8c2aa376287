using System.Collections.Frozen;

namespace MedCor.Contracts;

/// <summary>Lists the scopes, read once from the contracts.</summary>
public static class Scopes
{
    /// <summary>The scope that extends those of all areas at once to medical records and treatments. By itself it permits nothing.</summary>
    private static readonly Scope WithClinical =
        new("medcor.clinical", "Extends medcor.read, medcor.write and medcor.delete to medical records and treatments.");

    /// <summary>Gets the scope that reading the answers of chat calls requires.</summary>
    public static Scope ReadChat { get; } = Scope.Of(ScopeAreas.Chat, ScopeAction.Read);

    /// <summary>Gets the scope that starting and cancelling chat calls requires.</summary>
    public static Scope WriteChat { get; } = Scope.Of(ScopeAreas.Chat, ScopeAction.Write);

    /// <summary>Gets the scope that reading medical records and treatments requires.</summary>
    public static Scope ReadClinical { get; } = Scope.Of(ScopeAreas.Clinical, ScopeAction.Read);

    /// <summary>Gets the scope that creating and changing users requires.</summary>
    public static Scope WritePeople { get; } = Scope.Of(ScopeAreas.People, ScopeAction.Write);

    /// <summary>Gets all scopes: those that something requires, by area, and those of all areas at once.</summary>
    public static IReadOnlyList<Scope> All { get; } = [.. ScopeAreas.InOrder.Where(Required().Contains), .. ScopeAreas.OfAllAreas, WithClinical];

    private static readonly FrozenDictionary<string, Scope> ByName = All.ToFrozenDictionary(scope => scope.Name);

    /// <summary>Returns the scope with a name; null when there is none.</summary>
    public static Scope? Find(string name) => ByName.GetValueOrDefault(name);

    internal static bool ExtendToClinical(IEnumerable<Scope> scopes) => scopes.Contains(WithClinical);

    private static HashSet<Scope> Required() =>
    [
        .. ToolCatalogue.All.Values.Select(tool => tool.Scope), .. ResourceCatalogue.All.Values.Select(resource => resource.Scope),
        .. LiveResources.Scopes.Values, ReadChat, WriteChat,
    ];
}
