using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Messaging;

/// <summary>Registers the event handlers and projections of a service.</summary>
internal static class EventHandlers
{
    /// <summary>
    /// Registers every <see cref="IEventHandler{TEvent}"/> and <see cref="IProjection{TEvent}"/> among these types and returns the consumers that they need.
    /// Several handlers may handle the same event.
    /// </summary>
    /// <exception cref="InvalidOperationException">An event type has a projection and another projection or a handler.</exception>
    internal static IReadOnlyCollection<Type> AddEventHandlers(this IServiceCollection services, IEnumerable<Type> types)
    {
        var consumers = new Dictionary<Type, Type>();
        foreach (var type in types.Where(t => t is { IsClass: true, IsAbstract: false }))
            foreach (var implemented in type.GetInterfaces().Where(i => i.IsGenericType))
            {
                var definition = implemented.GetGenericTypeDefinition();
                var consumer = definition == typeof(IEventHandler<>) ? typeof(Inbox<>) : definition == typeof(IProjection<>) ? typeof(BatchInbox<>) : null;
                if (consumer is null) continue;
                var eventType = implemented.GetGenericArguments()[0];
                if (!consumers.TryAdd(eventType, consumer.MakeGenericType(eventType))
                    && (definition == typeof(IProjection<>) || consumers[eventType].GetGenericTypeDefinition() != consumer))
                    throw new InvalidOperationException($"{eventType.Name} has a projection, and {type.Name} also handles it.");
                services.AddScoped(implemented, type);
            }
        return consumers.Values;
    }
}
