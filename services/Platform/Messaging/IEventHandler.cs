using MedCor.Contracts;

namespace MedCor.Platform.Messaging;

/// <summary>
/// What a service does about an event. Runs within the event's hospital, in a transaction with the inbox: its effect happens once,
/// however often the event comes. Events may come late or out of order; compare <see cref="IntegrationEvent.Version"/>.
/// </summary>
public interface IEventHandler<in TEvent> where TEvent : IntegrationEvent
{
    /// <summary>Changes what the event changes here; need not save.</summary>
    Task HandleAsync(TEvent happened, CancellationToken ct);
}
