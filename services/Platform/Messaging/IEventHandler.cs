using MedCor.Contracts;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Handles an event in a service. A handler runs within the event's hospital, in one transaction with the inbox: its changes are applied once, however often
/// the event is delivered. Events may arrive late or out of order; compare <see cref="IntegrationEvent.Version"/>.
/// </summary>
public interface IEventHandler<in TEvent> where TEvent : IntegrationEvent
{
    /// <summary>Applies the event to this service's data. The handler need not save.</summary>
    Task HandleAsync(TEvent integrationEvent, CancellationToken ct);
}
