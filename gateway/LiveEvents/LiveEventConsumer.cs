using MassTransit;
using MedCor.Contracts;
using MedCor.ServiceDefaults.Messaging;

namespace MedCor.Gateway.LiveEvents;

/// <summary>
/// Consumes integration events from the message bus and appends their live events to the streams. There is one consumer per event type that has live
/// events.
/// </summary>
internal sealed class LiveEventConsumer<TEvent>(LiveEventStore streams) : EventConsumer<TEvent> where TEvent : IntegrationEvent
{
    protected override Task ReceiveAsync(ConsumeContext<TEvent> context)
    {
        var integrationEvent = context.Message;
        return integrationEvent.LiveUpdate is { } live
            ? streams.AppendAsync(integrationEvent, LiveEvent.FromIntegrationEvent(integrationEvent, live))
            : Task.CompletedTask;
    }
}

internal static class LiveEventConsumer
{
    /// <summary>Gets the consumer types of all integration events that have live events.</summary>
    public static IEnumerable<Type> ConsumerTypes { get; } =
        [.. LiveResources.Events.Select(type => typeof(LiveEventConsumer<>).MakeGenericType(type))];
}
