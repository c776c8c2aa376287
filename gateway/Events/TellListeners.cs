using MassTransit;
using MedCor.Contracts;

namespace MedCor.Gateway.Events;

/// <summary>From the bus to the streams: one for every event that has a live side, found by its type.</summary>
internal sealed class TellListeners<TEvent>(LiveStreams streams) : IConsumer<TEvent> where TEvent : IntegrationEvent
{
    public Task Consume(ConsumeContext<TEvent> context)
    {
        var happened = context.Message;
        return happened.Live is { } live ? streams.Append(happened, LiveEvent.From(happened, live)) : Task.CompletedTask;
    }
}

internal static class TellListeners
{
    /// <summary>The consumers of all events that listeners are shown.</summary>
    public static IEnumerable<Type> All { get; } =
        [.. from type in typeof(IntegrationEvent).Assembly.GetTypes()
            where type.IsSubclassOf(typeof(IntegrationEvent)) && !type.IsAbstract
            where type.GetProperty(nameof(IntegrationEvent.Live))!.DeclaringType != typeof(IntegrationEvent)
            select typeof(TellListeners<>).MakeGenericType(type)];
}
