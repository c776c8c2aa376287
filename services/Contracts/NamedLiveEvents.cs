using System.Collections.Frozen;
using System.Reflection;

namespace MedCor.Contracts;

/// <summary>Declares that the entity of an event's <see cref="LiveUpdate"/> is also published as a live event of its own.</summary>
/// <param name="name">The name of the live event, such as <c>appointment_created</c>.</param>
/// <param name="data">The type of <see cref="LiveUpdate.Data"/>.</param>
/// <param name="occasion">What has happened when it is published, for the documentation.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class NamedLiveEventAttribute(string name, Type data, string occasion) : Attribute
{
    public string Name => name;
    public Type Data => data;
    public string Occasion => occasion;
}

/// <summary>Lists the live events that have a name of their own. Clients find the same list in the API's documentation.</summary>
public static class NamedLiveEvents
{
    private static readonly FrozenDictionary<Type, NamedLiveEventAttribute> ByEvent =
        (from type in typeof(IntegrationEvent).Assembly.GetTypes()
         let declared = type.GetCustomAttribute<NamedLiveEventAttribute>()
         where declared is not null
         select (type, declared)).ToFrozenDictionary(e => e.type, e => e.declared);

    /// <summary>Gets all live events with a name of their own, sorted by name.</summary>
    public static IReadOnlyList<NamedLiveEventAttribute> All { get; } = [.. ByEvent.Values.OrderBy(e => e.Name, StringComparer.Ordinal)];

    /// <summary>Returns the name under which the entity of an event is also published; null when there is none.</summary>
    public static string? FindName(IntegrationEvent integrationEvent) => ByEvent.GetValueOrDefault(integrationEvent.GetType())?.Name;
}
