using MassTransit;
using MedCor.Contracts;

namespace MedCor.ServiceDefaults.Messaging;

/// <summary>
/// Receives an event, unless who sent it may not have sent it. The sender chooses the type that a message names, but the broker names the exchange into which
/// the sender was allowed to put it.
/// </summary>
public abstract class EventConsumer<TEvent> : IConsumer<TEvent> where TEvent : IntegrationEvent
{
    /// <inheritdoc/>
    /// <exception cref="ForgedEventException">The event is forged.</exception>
    public Task Consume(ConsumeContext<TEvent> context) => IsGenuine(context) ? ReceiveAsync(context) : throw new ForgedEventException(typeof(TEvent));

    /// <summary>Receives an event that is from who may send it.</summary>
    protected abstract Task ReceiveAsync(ConsumeContext<TEvent> context);

    private static bool IsGenuine(ConsumeContext<TEvent> context)
    {
        var received = context.ReceiveContext;
        // An operator who moves messages back from the error queue puts them into the default exchange.
        var wasForged = received.TransportHeaders.Get<string>(MessageHeaders.FaultExceptionType)
            ?.EndsWith(nameof(ForgedEventException), StringComparison.Ordinal) == true;
        return !wasForged && received.TryGetPayload(out RabbitMqBasicConsumeContext? delivery)
            && BrokerAccess.IsGenuine(context.Message, delivery.Exchange, received.InputAddress.Segments[^1]);
    }
}

/// <summary>Reports an event that came through an exchange to which its publisher does not write. It goes to the error queue and is not retried.</summary>
public sealed class ForgedEventException(Type integrationEvent) : Exception($"The {integrationEvent.Name} is from a sender that may not send it.");
