using System.Collections.Frozen;
using System.Reflection;

namespace MedCor.Contracts;

/// <summary>Declares the resource whose change an event's <see cref="IntegrationEvent.LiveUpdate"/> reports. Subscribers can filter by its name.</summary>
/// <param name="name">The name of a resource of <see cref="ResourceCatalogue"/>, or of one that can only be subscribed to.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LiveResourceAttribute(string name) : Attribute
{
    public string Name => name;

    /// <summary>Gets the roles that may subscribe. Required for a resource that can only be subscribed to; the others have those that may read them.</summary>
    public Callers Callers { get; init; }
}

/// <summary>Contains the resources that can be subscribed to, read once from the events.</summary>
public static class LiveResources
{
    private static readonly Type[] Reporting =
        [.. from type in typeof(IntegrationEvent).Assembly.GetTypes()
            where type.IsSubclassOf(typeof(IntegrationEvent)) && !type.IsAbstract
            where type.GetProperty(nameof(IntegrationEvent.LiveUpdate))!.DeclaringType != typeof(IntegrationEvent)
            select type];

    /// <summary>Gets the types of the events that subscribers receive.</summary>
    public static IReadOnlyList<Type> Events => Reporting;

    /// <summary>Gets the roles that may subscribe to each resource, by its name.</summary>
    public static FrozenDictionary<string, Callers> All { get; } = Read(Reporting);

    /// <summary>
    /// Gets the scope that an access token with scopes needs to receive the events of each resource, by its name: the scope for reading it or, for a resource
    /// that can only be subscribed to, for reading in the area that has its name, or else in that of the events' service.
    /// </summary>
    public static FrozenDictionary<string, Scope> Scopes { get; } = Reporting.DistinctBy(type => GetAttribute(type).Name).ToFrozenDictionary(
        type => GetAttribute(type).Name,
        type => ResourceCatalogue.All.GetValueOrDefault(GetAttribute(type).Name)?.Scope
            ?? Scope.For(type.Namespace!.Split('.')[^1].ToLowerInvariant(), GetAttribute(type).Name, Effect.Read));

    /// <summary>Returns the name of the resource whose change an event reports.</summary>
    public static string GetName(IntegrationEvent integrationEvent) => GetAttribute(integrationEvent.GetType()).Name;

    /// <summary>Reads the resources that events report changes of.</summary>
    /// <exception cref="InvalidOperationException">An event declares no resource, or nothing says who may subscribe to it.</exception>
    internal static FrozenDictionary<string, Callers> Read(IEnumerable<Type> events) =>
        events.Select(type => (Event: type, Attribute: GetAttribute(type))).GroupBy(e => e.Attribute.Name).ToFrozenDictionary(
            resource => resource.Key,
            resource => resource.Select(e => GetCallers(e.Event, e.Attribute)).Distinct().ToArray() is [var callers]
                ? callers
                : throw new InvalidOperationException($"The events of {resource.Key} declare different roles."));

    private static LiveResourceAttribute GetAttribute(Type type) =>
        type.GetCustomAttribute<LiveResourceAttribute>()
        ?? throw new InvalidOperationException($"The event {type.Name} has a LiveUpdate and no [LiveResource].");

    private static Callers GetCallers(Type type, LiveResourceAttribute declared) =>
        (declared.Callers, ResourceCatalogue.All.GetValueOrDefault(declared.Name)) switch
        {
            (Callers.None, { } resource) => resource.Callers,
            (not Callers.None and var callers, null) => callers,
            (_, null) => throw new InvalidOperationException($"The event {type.Name} declares no roles that may subscribe to {declared.Name}."),
            _ => throw new InvalidOperationException($"The event {type.Name} declares roles for {declared.Name}, which has those that may read it."),
        };
}
