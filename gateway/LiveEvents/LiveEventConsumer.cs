using MassTransit;
using MedCor.Contracts;

namespace MedCor.Gateway.LiveEvents;

/// <summary>From the bus to the streams: one for every event that has a live side, found by its type.</summary>
internal sealed class LiveEventConsumer<TEvent>(LiveEventStore streams) : IConsumer<TEvent> where TEvent : IntegrationEvent
{
    public Task Consume(ConsumeContext<TEvent> context)
    {
        var happened = context.Message;
        return happened.LiveUpdate is { } live ? streams.AppendAsync(happened, LiveEvent.FromIntegrationEvent(happened, live)) : Task.CompletedTask;
    }
}

internal static class LiveEventConsumer
{
    /// <summary>The consumers of all events that listeners are shown.</summary>
    public static IEnumerable<Type> ConsumerTypes { get; } =
        [.. from type in typeof(IntegrationEvent).Assembly.GetTypes()
            where type.IsSubclassOf(typeof(IntegrationEvent)) && !type.IsAbstract
            where type.GetProperty(nameof(IntegrationEvent.LiveUpdate))!.DeclaringType != typeof(IntegrationEvent)
            select typeof(LiveEventConsumer<>).MakeGenericType(type)];
}
