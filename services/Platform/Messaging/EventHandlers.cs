using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Messaging;

/// <summary>Registers the event handlers of a service.</summary>
internal static class EventHandlers
{
    /// <summary>
    /// Registers every <see cref="IEventHandler{TEvent}"/> among these types and returns the consumers that they need. Several handlers may handle the same
    /// event.
    /// </summary>
    internal static IReadOnlyCollection<Type> AddEventHandlers(this IServiceCollection services, IEnumerable<Type> types)
    {
        var consumers = new HashSet<Type>();
        foreach (var type in types.Where(t => t is { IsClass: true, IsAbstract: false }))
            foreach (var handlerType in type.GetInterfaces().Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEventHandler<>)))
            {
                services.AddScoped(handlerType, type);
                consumers.Add(typeof(Inbox<>).MakeGenericType(handlerType.GetGenericArguments()));
            }
        return consumers;
    }
}
