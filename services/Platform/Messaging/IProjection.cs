using MedCor.Contracts;
using Npgsql;

namespace MedCor.Platform.Messaging;

/// <summary>
/// Applies events to a read model, many at once. The statements run within the events' hospital, in one transaction with the inbox: an event is applied once,
/// however often it is delivered. Events may arrive late or out of order; compare <see cref="IntegrationEvent.Version"/>. An event type has one projection or
/// any number of <see cref="IEventHandler{TEvent}"/>, not both.
/// </summary>
public interface IProjection<in TEvent> where TEvent : IntegrationEvent
{
    /// <summary>
    /// Returns the statement that applies these events. They are of one hospital and in no particular order, and several may be about the same aggregate.
    /// Statements for one hospital never run at the same time, in whichever replica.
    /// </summary>
    NpgsqlBatchCommand Apply(IReadOnlyList<TEvent> events);
}
